with versions as (

    select
        payload:id::varchar as order_id,
        payload:name::varchar as order_name,
        {{ to_utc('payload:processed_at::varchar') }} as ordered_at,
        {{ to_utc('payload:created_at::varchar') }} as created_at,
        {{ to_utc('payload:updated_at::varchar') }} as updated_at,
        {{ to_utc('payload:cancelled_at::varchar') }} as cancelled_at,
        payload:test::boolean as is_test,
        payload:financial_status::varchar as financial_status,
        payload:source_name::varchar as source_name,
        payload:customer.id::varchar as customer_id,
        payload:customer.first_name::varchar as first_name,
        lower(trim(payload:customer.email::varchar)) as email,
        payload:landing_site::varchar as landing_site,
        payload:referring_site::varchar as referring_site,
        payload:currency::varchar as currency_code,
        payload:presentment_currency::varchar as presentment_currency_code,
        payload:taxes_included::boolean as is_tax_included,
        payload:total_tax::number(18, 2) as tax_amount,
        payload:total_price::number(18, 2) as total_amount,
        payload:total_price_set.presentment_money.amount::number(18, 2) as presentment_total_amount,
        payload:total_shipping_price_set.shop_money.amount::number(18, 2) as shipping_amount,
        -- an empty text where there is no tip line
        coalesce(try_to_decimal(payload:total_tip_received::varchar, 18, 2), 0) as tip_amount,
        payload:line_items as line_items,
        payload:refunds as refunds,
        {{ landing_run('_file') }} as pulled_at_run,
        _file,
        _file_version,
        _row,
        _loaded_at
    from {{ source('shopify', 'orders') }}

)

select
    *,
    {{ shop_date('ordered_at') }} as order_date,
    {{ query_parameter('landing_site', 'gclid') }} as gclid,
    lower({{ query_parameter('landing_site', 'utm_source') }}) as utm_source,
    lower({{ query_parameter('landing_site', 'utm_medium') }}) as utm_medium,
    {{ query_parameter('landing_site', 'utm_campaign') }} as utm_campaign,
    lower(regexp_substr(referring_site, '^https?://([^/:?#]+)', 1, 1, 'e', 1)) as referring_host
from versions
-- an order comes again whenever it changes, and old versions may come late
qualify row_number() over (
    partition by order_id
    order by updated_at desc, pulled_at_run desc, _loaded_at desc, _file desc, _row desc
) = 1

{{ config(materialized='incremental', unique_key='order_id') }}

with orders as (

    select *
    from {{ ref('stg_shopify__orders') }}
    where not is_test
    {% if is_incremental() %}
        and _loaded_at >= {{ loaded_since(this) }}
    {% endif %}

),

lines as (

    select
        order_id,
        sum(case when is_gift_card then 0 else gross_amount end) as gross_amount,
        sum(case when is_gift_card then 0 else discount_amount end) as discount_amount,
        sum(case when is_gift_card then gross_amount - discount_amount else 0 end) as gift_card_amount
    from {{ ref('stg_shopify__order_lines') }}
    group by order_id

),

refunds as (

    select
        refunds.order_id,
        sum(revenue.refund_amount) as refund_amount
    from {{ ref('stg_shopify__refunds') }} as refunds
    inner join {{ ref('int_shopify__refund_revenue') }} as revenue
        on revenue.refund_id = refunds.refund_id
    group by refunds.order_id

),

amounts as (

    select
        orders.*,
        orders.cancelled_at is not null as is_cancelled,
        case
            when orders.gclid is not null then 'google_ads'
            when orders.source_name = 'pos' then 'pos'
            when orders.utm_source is not null then coalesce(rules.channel, 'other')
            when regexp_like(orders.referring_host, '^(.*[.])?(google|bing|duckduckgo|ecosia|yahoo)[.].*$') then 'organic_search'
            when orders.referring_host is not null then 'referral'
            else 'direct'
        end as channel,
        lines.gross_amount::number(18, 2) as gross_amount,
        lines.discount_amount::number(18, 2) as discount_amount,
        lines.gift_card_amount::number(18, 2) as gift_card_amount,
        case when orders.is_tax_included then orders.tax_amount else 0 end::number(18, 2) as included_tax_amount,
        coalesce(refunds.refund_amount, 0)::number(18, 2) as returned_amount
    from orders
    inner join lines on lines.order_id = orders.order_id
    left join refunds on refunds.order_id = orders.order_id
    left join {{ ref('channel_rules') }} as rules
        on rules.utm_source = orders.utm_source
        and rules.utm_medium = orders.utm_medium

)

select
    order_id,
    order_name,
    customer_id,
    ordered_at,
    order_date,
    updated_at,
    is_cancelled,
    financial_status,
    channel,
    gclid,
    utm_campaign,
    currency_code,
    gross_amount,
    discount_amount,
    included_tax_amount,
    tax_amount,
    shipping_amount,
    tip_amount,
    gift_card_amount,
    total_amount,
    presentment_currency_code,
    presentment_total_amount,
    case when is_cancelled then 0 else gross_amount - discount_amount - included_tax_amount end::number(18, 2) as sales_amount,
    case when is_cancelled then 0 else returned_amount end::number(18, 2) as refund_amount,
    case
        when is_cancelled then 0
        else gross_amount - discount_amount - included_tax_amount - returned_amount
    end::number(18, 2) as net_revenue,
    _loaded_at
from amounts

-- set-up
create schema if not exists BRIGHTCART.landing;
create masking policy if not exists BRIGHTCART.ANALYTICS_governance.mask_email as (value varchar) returns varchar ->
case
  when is_role_in_session('PII_READER') or is_role_in_session('TRANSFORMER') then value
  else '*****@' || split_part(value, '@', 2)
end;
alter masking policy BRIGHTCART.ANALYTICS_governance.mask_email set body ->
case
  when is_role_in_session('PII_READER') or is_role_in_session('TRANSFORMER') then value
  else '*****@' || split_part(value, '@', 2)
end;
create masking policy if not exists BRIGHTCART.ANALYTICS_governance.mask_name as (value varchar) returns varchar ->
case
  when is_role_in_session('PII_READER') or is_role_in_session('TRANSFORMER') then value
  when value is not null then '***'
end;
alter masking policy BRIGHTCART.ANALYTICS_governance.mask_name set body ->
case
  when is_role_in_session('PII_READER') or is_role_in_session('TRANSFORMER') then value
  when value is not null then '***'
end;

-- seed.brightcart.channel_rules: load seed
--   because: a seed whose table is there: its rows are replaced (6 rows)
begin;
delete from BRIGHTCART.ANALYTICS_seeds.channel_rules;
insert into BRIGHTCART.ANALYTICS_seeds.channel_rules (utm_source, utm_medium, channel) values
('google', 'cpc', 'google_ads'),
('bing', 'cpc', 'microsoft_ads'),
('facebook', 'paid_social', 'paid_social'),
('instagram', 'paid_social', 'paid_social'),
('klaviyo', 'email', 'email'),
('newsletter', 'email', 'email');
commit;

-- seed.brightcart.exchange_rates: load seed
--   because: a seed whose table is there: its rows are replaced (10 rows)
begin;
delete from BRIGHTCART.ANALYTICS_seeds.exchange_rates;
insert into BRIGHTCART.ANALYTICS_seeds.exchange_rates (rate_date, currency_code, rate_to_reporting) values
('2026-08-30', 'EUR', '1.163400'),
('2026-08-30', 'USD', '1.000000'),
('2026-08-31', 'EUR', '1.163400'),
('2026-08-31', 'USD', '1.000000'),
('2026-09-01', 'EUR', '1.165217'),
('2026-09-01', 'USD', '1.000000'),
('2026-09-02', 'EUR', '1.159733'),
('2026-09-02', 'USD', '1.000000'),
('2026-09-03', 'EUR', '1.161049'),
('2026-09-03', 'USD', '1.000000');
commit;

-- source.brightcart.google_ads.search_stream: load files
--   because: files below landing/google_ads/search_stream that the ledger does not have
-- load landing/google_ads/search_stream into BRIGHTCART.RAW_GOOGLE_ADS.search_stream

-- model.brightcart.stg_google_ads__ad_performance: create view
--   because: materialized as a view, and replaced
create or replace   view BRIGHTCART.ANALYTICS_staging.stg_google_ads__ad_performance
  
  as (
    with results as (

    select
        result.value:segments.date::date as report_date,
        result.value:customer.id::varchar as account_id,
        result.value:customer.descriptiveName::varchar as account_name,
        result.value:customer.currencyCode::varchar as currency_code,
        result.value:customer.timeZone::varchar as account_timezone,
        result.value:campaign.id::varchar as campaign_id,
        result.value:campaign.name::varchar as campaign_name,
        lower(result.value:campaign.status::varchar) as campaign_status,
        lower(result.value:campaign.advertisingChannelType::varchar) as campaign_type,
        -- Performance Max has neither ad group nor ad; a key must not be null
        coalesce(result.value:adGroup.id::varchar, '(none)') as ad_group_id,
        result.value:adGroup.name::varchar as ad_group_name,
        coalesce(result.value:adGroupAd.ad.id::varchar, '(none)') as ad_id,
        lower(result.value:segments.device::varchar) as device,
        -- a metric that is zero may be left out
        coalesce(result.value:metrics.impressions::number(38, 0), 0) as impressions,
        coalesce(result.value:metrics.clicks::number(38, 0), 0) as clicks,
        coalesce((result.value:metrics.costMicros::number(38, 0) * 0.000001)::number(18, 6), 0) as spend,
        coalesce(result.value:metrics.conversions::number(18, 6), 0) as conversions,
        coalesce(result.value:metrics.conversionsValue::number(18, 6), 0) as conversion_value,
        split_part(split_part(batch._file, '/', -1), '-', 1) as pulled_at_run,
        batch._file,
        batch._file_version,
        batch._row,
        result.index as result_index,
        batch._loaded_at
    from BRIGHTCART.RAW_GOOGLE_ADS.search_stream as batch,
        lateral flatten(input => batch.payload:results) as result

)

select *
from results
-- Google restates past days: what the last pull says of a row is what holds
qualify row_number() over (
    partition by report_date, account_id, campaign_id, ad_group_id, ad_id, device
    order by pulled_at_run desc, _loaded_at desc, _file desc, _row desc, result_index desc
) = 1
  );

-- model.brightcart.dim_campaign: create table
--   because: materialized as a table, and replaced
create or replace transient table BRIGHTCART.ANALYTICS_marts.dim_campaign
    
    as (with latest as (

    select
        campaign_id,
        account_id,
        account_name,
        account_timezone,
        currency_code,
        campaign_name,
        campaign_status,
        campaign_type
    from BRIGHTCART.ANALYTICS_staging.stg_google_ads__ad_performance
    qualify row_number() over (
        partition by campaign_id
        order by pulled_at_run desc, _loaded_at desc, report_date desc, ad_id desc, device desc
    ) = 1

),

days as (

    select
        campaign_id,
        min(report_date) as first_report_date,
        max(report_date) as last_report_date
    from BRIGHTCART.ANALYTICS_staging.stg_google_ads__ad_performance
    group by campaign_id

)

select
    latest.campaign_id,
    latest.account_id,
    latest.account_name,
    latest.account_timezone,
    latest.currency_code,
    latest.campaign_name,
    latest.campaign_status,
    latest.campaign_type,
    'google_ads' as channel,
    days.first_report_date,
    days.last_report_date
from latest
inner join days on days.campaign_id = latest.campaign_id
    );

-- model.brightcart.fct_ad_spend: merge
--   because: no incremental_strategy is configured; unique_key `["report_date","account_id","campaign_id","ad_group_id","ad_id"]` makes it a merge
create or replace  temporary view BRIGHTCART.ANALYTICS_marts.fct_ad_spend__dbt_tmp
  
  as (
    

with performance as (

    select *
    from BRIGHTCART.ANALYTICS_staging.stg_google_ads__ad_performance
    
    -- whole days: a correction may concern one device of an ad, and the fact holds their sum
    where report_date in (
        select report_date
        from BRIGHTCART.ANALYTICS_staging.stg_google_ads__ad_performance
        where _loaded_at >= (select coalesce(max(_loaded_at), '1970-01-01'::timestamp_ntz) from BRIGHTCART.ANALYTICS_marts.fct_ad_spend)
    )
    

),

totals as (

    select
        report_date,
        account_id,
        campaign_id,
        ad_group_id,
        ad_id,
        currency_code,
        sum(impressions)::number(38, 0) as impressions,
        sum(clicks)::number(38, 0) as clicks,
        sum(spend)::number(18, 6) as spend,
        sum(conversions)::number(18, 6) as conversions,
        sum(conversion_value)::number(18, 6) as conversion_value,
        max(_loaded_at) as _loaded_at
    from performance
    group by report_date, account_id, campaign_id, ad_group_id, ad_id, currency_code

)

select
    totals.report_date,
    totals.account_id,
    totals.campaign_id,
    totals.ad_group_id,
    totals.ad_id,
    totals.currency_code,
    totals.impressions,
    totals.clicks,
    totals.spend,
    round(totals.spend * rates.rate_to_reporting, 6)::number(18, 6) as spend_reporting,
    totals.conversions,
    totals.conversion_value,
    totals._loaded_at
from totals
left join BRIGHTCART.ANALYTICS_seeds.exchange_rates as rates
    on rates.rate_date = totals.report_date
    and rates.currency_code = totals.currency_code
  );
begin;
merge into BRIGHTCART.ANALYTICS_marts.fct_ad_spend as DBT_INTERNAL_DEST
        using BRIGHTCART.ANALYTICS_marts.fct_ad_spend__dbt_tmp as DBT_INTERNAL_SOURCE
        on (DBT_INTERNAL_SOURCE.report_date = DBT_INTERNAL_DEST.report_date) and (DBT_INTERNAL_SOURCE.account_id = DBT_INTERNAL_DEST.account_id) and (DBT_INTERNAL_SOURCE.campaign_id = DBT_INTERNAL_DEST.campaign_id) and (DBT_INTERNAL_SOURCE.ad_group_id = DBT_INTERNAL_DEST.ad_group_id) and (DBT_INTERNAL_SOURCE.ad_id = DBT_INTERNAL_DEST.ad_id)

    when matched then update set
        "REPORT_DATE" = DBT_INTERNAL_SOURCE."REPORT_DATE","ACCOUNT_ID" = DBT_INTERNAL_SOURCE."ACCOUNT_ID","CAMPAIGN_ID" = DBT_INTERNAL_SOURCE."CAMPAIGN_ID","AD_GROUP_ID" = DBT_INTERNAL_SOURCE."AD_GROUP_ID","AD_ID" = DBT_INTERNAL_SOURCE."AD_ID","CURRENCY_CODE" = DBT_INTERNAL_SOURCE."CURRENCY_CODE","IMPRESSIONS" = DBT_INTERNAL_SOURCE."IMPRESSIONS","CLICKS" = DBT_INTERNAL_SOURCE."CLICKS","SPEND" = DBT_INTERNAL_SOURCE."SPEND","SPEND_REPORTING" = DBT_INTERNAL_SOURCE."SPEND_REPORTING","CONVERSIONS" = DBT_INTERNAL_SOURCE."CONVERSIONS","CONVERSION_VALUE" = DBT_INTERNAL_SOURCE."CONVERSION_VALUE","_LOADED_AT" = DBT_INTERNAL_SOURCE."_LOADED_AT"

    when not matched then insert
        ("REPORT_DATE", "ACCOUNT_ID", "CAMPAIGN_ID", "AD_GROUP_ID", "AD_ID", "CURRENCY_CODE", "IMPRESSIONS", "CLICKS", "SPEND", "SPEND_REPORTING", "CONVERSIONS", "CONVERSION_VALUE", "_LOADED_AT")
    values
        ("REPORT_DATE", "ACCOUNT_ID", "CAMPAIGN_ID", "AD_GROUP_ID", "AD_ID", "CURRENCY_CODE", "IMPRESSIONS", "CLICKS", "SPEND", "SPEND_REPORTING", "CONVERSIONS", "CONVERSION_VALUE", "_LOADED_AT");
commit;
drop view if exists BRIGHTCART.ANALYTICS_marts.fct_ad_spend__dbt_tmp;

-- source.brightcart.shopify.orders: load files
--   because: files below landing/shopify/orders that the ledger does not have
-- load landing/shopify/orders into BRIGHTCART.RAW_SHOPIFY.orders

-- model.brightcart.stg_shopify__orders: create view
--   because: materialized as a view, and replaced
create or replace   view BRIGHTCART.ANALYTICS_staging.stg_shopify__orders
  
  as (
    with versions as (

    select
        payload:id::varchar as order_id,
        payload:name::varchar as order_name,
        convert_timezone('UTC', payload:processed_at::varchar::timestamp_tz)::timestamp_ntz as ordered_at,
        convert_timezone('UTC', payload:created_at::varchar::timestamp_tz)::timestamp_ntz as created_at,
        convert_timezone('UTC', payload:updated_at::varchar::timestamp_tz)::timestamp_ntz as updated_at,
        convert_timezone('UTC', payload:cancelled_at::varchar::timestamp_tz)::timestamp_ntz as cancelled_at,
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
        split_part(split_part(_file, '/', -1), '-', 1) as pulled_at_run,
        _file,
        _file_version,
        _row,
        _loaded_at
    from BRIGHTCART.RAW_SHOPIFY.orders

)

select
    *,
    convert_timezone('UTC', 'America/New_York', ordered_at)::date as order_date,
    nullif(regexp_substr(landing_site, '[?&]gclid=([^&#]*)', 1, 1, 'e', 1), '') as gclid,
    lower(nullif(regexp_substr(landing_site, '[?&]utm_source=([^&#]*)', 1, 1, 'e', 1), '')) as utm_source,
    lower(nullif(regexp_substr(landing_site, '[?&]utm_medium=([^&#]*)', 1, 1, 'e', 1), '')) as utm_medium,
    nullif(regexp_substr(landing_site, '[?&]utm_campaign=([^&#]*)', 1, 1, 'e', 1), '') as utm_campaign,
    lower(regexp_substr(referring_site, '^https?://([^/:?#]+)', 1, 1, 'e', 1)) as referring_host
from versions
-- an order comes again whenever it changes, and old versions may come late
qualify row_number() over (
    partition by order_id
    order by updated_at desc, pulled_at_run desc, _loaded_at desc, _file desc, _row desc
) = 1
  );

-- model.brightcart.stg_shopify__order_lines: create view
--   because: materialized as a view, and replaced
create or replace   view BRIGHTCART.ANALYTICS_staging.stg_shopify__order_lines
  
  as (
    with lines as (

    select
        orders.order_id,
        line.value:id::varchar as line_id,
        line.value:sku::varchar as sku,
        line.value:title::varchar as title,
        line.value:gift_card::boolean as is_gift_card,
        line.value:quantity::number(38, 0) as quantity,
        line.value:price::number(18, 2) as unit_price,
        line.value:discount_allocations as discount_allocations,
        orders._loaded_at
    from BRIGHTCART.ANALYTICS_staging.stg_shopify__orders as orders,
        lateral flatten(input => orders.line_items) as line

),

discounts as (

    select
        lines.line_id,
        sum(allocation.value:amount::number(18, 2)) as discount_amount
    from lines,
        lateral flatten(input => lines.discount_allocations) as allocation
    group by lines.line_id

)

select
    lines.line_id,
    lines.order_id,
    lines.sku,
    lines.title,
    lines.is_gift_card,
    lines.quantity,
    lines.unit_price,
    (lines.quantity * lines.unit_price)::number(18, 2) as gross_amount,
    coalesce(discounts.discount_amount, 0)::number(18, 2) as discount_amount,
    lines._loaded_at
from lines
left join discounts on discounts.line_id = lines.line_id
  );

-- model.brightcart.stg_shopify__refund_lines: create view
--   because: materialized as a view, and replaced
create or replace   view BRIGHTCART.ANALYTICS_staging.stg_shopify__refund_lines
  
  as (
    select
    refund.value:id::varchar as refund_id,
    line.value:id::varchar as refund_line_id,
    line.value:line_item_id::varchar as line_id,
    orders.order_id,
    line.value:quantity::number(38, 0) as quantity,
    -- numbers here, texts everywhere else in an order
    line.value:subtotal::number(18, 2) as subtotal_amount,
    line.value:total_tax::number(18, 2) as tax_amount,
    orders._loaded_at
from BRIGHTCART.ANALYTICS_staging.stg_shopify__orders as orders,
    lateral flatten(input => orders.refunds) as refund,
    lateral flatten(input => refund.value:refund_line_items) as line
  );

-- model.brightcart.stg_shopify__refunds: create view
--   because: materialized as a view, and replaced
create or replace   view BRIGHTCART.ANALYTICS_staging.stg_shopify__refunds
  
  as (
    with refunds as (

    select
        refund.value:id::varchar as refund_id,
        orders.order_id,
        convert_timezone('UTC', refund.value:created_at::varchar::timestamp_tz)::timestamp_ntz as refunded_at,
        refund.value:transactions as transactions,
        orders._loaded_at
    from BRIGHTCART.ANALYTICS_staging.stg_shopify__orders as orders,
        lateral flatten(input => orders.refunds) as refund

),

-- money that really went back: a transaction may fail and be made again, or be split
payments as (

    select
        refunds.refund_id,
        sum(payment.value:amount::number(18, 2)) as paid_back_amount
    from refunds,
        lateral flatten(input => refunds.transactions) as payment
    where payment.value:kind::varchar = 'refund'
        and payment.value:status::varchar = 'success'
    group by refunds.refund_id

)

select
    refunds.refund_id,
    refunds.order_id,
    refunds.refunded_at,
    convert_timezone('UTC', 'America/New_York', refunds.refunded_at)::date as refund_date,
    coalesce(payments.paid_back_amount, 0)::number(18, 2) as paid_back_amount,
    refunds._loaded_at
from refunds
left join payments on payments.refund_id = refunds.refund_id
  );

-- model.brightcart.fct_orders: merge
--   because: no incremental_strategy is configured; unique_key `order_id` makes it a merge
create or replace  temporary view BRIGHTCART.ANALYTICS_marts.fct_orders__dbt_tmp
  
  as (
    

with  __dbt__cte__int_shopify__refund_revenue as (
select
    refund_lines.refund_id,
    sum(
        case
            when lines.is_gift_card then 0
            when orders.is_tax_included then refund_lines.subtotal_amount - refund_lines.tax_amount
            else refund_lines.subtotal_amount
        end
    )::number(18, 2) as refund_amount
from BRIGHTCART.ANALYTICS_staging.stg_shopify__refund_lines as refund_lines
inner join BRIGHTCART.ANALYTICS_staging.stg_shopify__order_lines as lines
    on lines.line_id = refund_lines.line_id
inner join BRIGHTCART.ANALYTICS_staging.stg_shopify__orders as orders
    on orders.order_id = refund_lines.order_id
group by refund_lines.refund_id
), orders as (

    select *
    from BRIGHTCART.ANALYTICS_staging.stg_shopify__orders
    where not is_test
    
        and _loaded_at >= (select coalesce(max(_loaded_at), '1970-01-01'::timestamp_ntz) from BRIGHTCART.ANALYTICS_marts.fct_orders)
    

),

lines as (

    select
        order_id,
        sum(case when is_gift_card then 0 else gross_amount end) as gross_amount,
        sum(case when is_gift_card then 0 else discount_amount end) as discount_amount,
        sum(case when is_gift_card then gross_amount - discount_amount else 0 end) as gift_card_amount
    from BRIGHTCART.ANALYTICS_staging.stg_shopify__order_lines
    group by order_id

),

refunds as (

    select
        refunds.order_id,
        sum(revenue.refund_amount) as refund_amount
    from BRIGHTCART.ANALYTICS_staging.stg_shopify__refunds as refunds
    inner join __dbt__cte__int_shopify__refund_revenue as revenue
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
    left join BRIGHTCART.ANALYTICS_seeds.channel_rules as rules
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
  );
begin;
merge into BRIGHTCART.ANALYTICS_marts.fct_orders as DBT_INTERNAL_DEST
        using BRIGHTCART.ANALYTICS_marts.fct_orders__dbt_tmp as DBT_INTERNAL_SOURCE
        on ((DBT_INTERNAL_SOURCE.order_id = DBT_INTERNAL_DEST.order_id))

    when matched then update set
        "ORDER_ID" = DBT_INTERNAL_SOURCE."ORDER_ID","ORDER_NAME" = DBT_INTERNAL_SOURCE."ORDER_NAME","CUSTOMER_ID" = DBT_INTERNAL_SOURCE."CUSTOMER_ID","ORDERED_AT" = DBT_INTERNAL_SOURCE."ORDERED_AT","ORDER_DATE" = DBT_INTERNAL_SOURCE."ORDER_DATE","UPDATED_AT" = DBT_INTERNAL_SOURCE."UPDATED_AT","IS_CANCELLED" = DBT_INTERNAL_SOURCE."IS_CANCELLED","FINANCIAL_STATUS" = DBT_INTERNAL_SOURCE."FINANCIAL_STATUS","CHANNEL" = DBT_INTERNAL_SOURCE."CHANNEL","GCLID" = DBT_INTERNAL_SOURCE."GCLID","UTM_CAMPAIGN" = DBT_INTERNAL_SOURCE."UTM_CAMPAIGN","CURRENCY_CODE" = DBT_INTERNAL_SOURCE."CURRENCY_CODE","GROSS_AMOUNT" = DBT_INTERNAL_SOURCE."GROSS_AMOUNT","DISCOUNT_AMOUNT" = DBT_INTERNAL_SOURCE."DISCOUNT_AMOUNT","INCLUDED_TAX_AMOUNT" = DBT_INTERNAL_SOURCE."INCLUDED_TAX_AMOUNT","TAX_AMOUNT" = DBT_INTERNAL_SOURCE."TAX_AMOUNT","SHIPPING_AMOUNT" = DBT_INTERNAL_SOURCE."SHIPPING_AMOUNT","TIP_AMOUNT" = DBT_INTERNAL_SOURCE."TIP_AMOUNT","GIFT_CARD_AMOUNT" = DBT_INTERNAL_SOURCE."GIFT_CARD_AMOUNT","TOTAL_AMOUNT" = DBT_INTERNAL_SOURCE."TOTAL_AMOUNT","PRESENTMENT_CURRENCY_CODE" = DBT_INTERNAL_SOURCE."PRESENTMENT_CURRENCY_CODE","PRESENTMENT_TOTAL_AMOUNT" = DBT_INTERNAL_SOURCE."PRESENTMENT_TOTAL_AMOUNT","SALES_AMOUNT" = DBT_INTERNAL_SOURCE."SALES_AMOUNT","REFUND_AMOUNT" = DBT_INTERNAL_SOURCE."REFUND_AMOUNT","NET_REVENUE" = DBT_INTERNAL_SOURCE."NET_REVENUE","_LOADED_AT" = DBT_INTERNAL_SOURCE."_LOADED_AT"

    when not matched then insert
        ("ORDER_ID", "ORDER_NAME", "CUSTOMER_ID", "ORDERED_AT", "ORDER_DATE", "UPDATED_AT", "IS_CANCELLED", "FINANCIAL_STATUS", "CHANNEL", "GCLID", "UTM_CAMPAIGN", "CURRENCY_CODE", "GROSS_AMOUNT", "DISCOUNT_AMOUNT", "INCLUDED_TAX_AMOUNT", "TAX_AMOUNT", "SHIPPING_AMOUNT", "TIP_AMOUNT", "GIFT_CARD_AMOUNT", "TOTAL_AMOUNT", "PRESENTMENT_CURRENCY_CODE", "PRESENTMENT_TOTAL_AMOUNT", "SALES_AMOUNT", "REFUND_AMOUNT", "NET_REVENUE", "_LOADED_AT")
    values
        ("ORDER_ID", "ORDER_NAME", "CUSTOMER_ID", "ORDERED_AT", "ORDER_DATE", "UPDATED_AT", "IS_CANCELLED", "FINANCIAL_STATUS", "CHANNEL", "GCLID", "UTM_CAMPAIGN", "CURRENCY_CODE", "GROSS_AMOUNT", "DISCOUNT_AMOUNT", "INCLUDED_TAX_AMOUNT", "TAX_AMOUNT", "SHIPPING_AMOUNT", "TIP_AMOUNT", "GIFT_CARD_AMOUNT", "TOTAL_AMOUNT", "PRESENTMENT_CURRENCY_CODE", "PRESENTMENT_TOTAL_AMOUNT", "SALES_AMOUNT", "REFUND_AMOUNT", "NET_REVENUE", "_LOADED_AT");
commit;
drop view if exists BRIGHTCART.ANALYTICS_marts.fct_orders__dbt_tmp;

-- model.brightcart.dim_customer: create table
--   because: materialized as a table, and replaced
create or replace transient table BRIGHTCART.ANALYTICS_marts.dim_customer
    (
    customer_id,
    email with masking policy BRIGHTCART.ANALYTICS_governance.mask_email,
    first_name with masking policy BRIGHTCART.ANALYTICS_governance.mask_name,
    first_order_date,
    last_order_date,
    orders,
    net_revenue
  )
    as (with latest as (

    select
        customer_id,
        email,
        first_name
    from BRIGHTCART.ANALYTICS_staging.stg_shopify__orders
    where customer_id is not null
        and not is_test
    qualify row_number() over (
        partition by customer_id
        order by updated_at desc, order_id desc
    ) = 1

),

orders as (

    select
        customer_id,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date,
        count(case when not is_cancelled then order_id end) as orders,
        sum(net_revenue)::number(18, 2) as net_revenue
    from BRIGHTCART.ANALYTICS_marts.fct_orders
    where customer_id is not null
    group by customer_id

)

select
    latest.customer_id,
    latest.email,
    latest.first_name,
    orders.first_order_date,
    orders.last_order_date,
    orders.orders,
    orders.net_revenue
from latest
inner join orders on orders.customer_id = latest.customer_id
    );

-- model.brightcart.fct_refunds: create table
--   because: materialized as a table, and replaced
create or replace transient table BRIGHTCART.ANALYTICS_marts.fct_refunds
    
    as (with __dbt__cte__int_shopify__refund_revenue as (
select
    refund_lines.refund_id,
    sum(
        case
            when lines.is_gift_card then 0
            when orders.is_tax_included then refund_lines.subtotal_amount - refund_lines.tax_amount
            else refund_lines.subtotal_amount
        end
    )::number(18, 2) as refund_amount
from BRIGHTCART.ANALYTICS_staging.stg_shopify__refund_lines as refund_lines
inner join BRIGHTCART.ANALYTICS_staging.stg_shopify__order_lines as lines
    on lines.line_id = refund_lines.line_id
inner join BRIGHTCART.ANALYTICS_staging.stg_shopify__orders as orders
    on orders.order_id = refund_lines.order_id
group by refund_lines.refund_id
) select
    refunds.refund_id,
    refunds.order_id,
    orders.customer_id,
    orders.channel,
    refunds.refunded_at,
    refunds.refund_date,
    orders.is_cancelled,
    orders.currency_code,
    case when orders.is_cancelled then 0 else revenue.refund_amount end::number(18, 2) as refund_amount,
    refunds.paid_back_amount
from BRIGHTCART.ANALYTICS_staging.stg_shopify__refunds as refunds
inner join BRIGHTCART.ANALYTICS_marts.fct_orders as orders
    on orders.order_id = refunds.order_id
inner join __dbt__cte__int_shopify__refund_revenue as revenue
    on revenue.refund_id = refunds.refund_id
    );

-- model.brightcart.mart_channel_daily: create table
--   because: materialized as a table, and replaced
create or replace transient table BRIGHTCART.ANALYTICS_marts.mart_channel_daily
    
    as (with costs as (

    select
        ads.report_date,
        campaigns.channel,
        sum(ads.impressions)::number(38, 0) as impressions,
        sum(ads.clicks)::number(38, 0) as clicks,
        sum(ads.spend_reporting)::number(18, 6) as spend
    from BRIGHTCART.ANALYTICS_marts.fct_ad_spend as ads
    inner join BRIGHTCART.ANALYTICS_marts.dim_campaign as campaigns
        on campaigns.campaign_id = ads.campaign_id
    group by ads.report_date, campaigns.channel

),

movements as (

    select
        order_date as report_date,
        channel,
        1 as orders,
        sales_amount as sales,
        0 as refunds
    from BRIGHTCART.ANALYTICS_marts.fct_orders
    where not is_cancelled

    union all

    select
        refund_date as report_date,
        channel,
        0 as orders,
        0 as sales,
        refund_amount as refunds
    from BRIGHTCART.ANALYTICS_marts.fct_refunds
    where not is_cancelled

),

revenue as (

    select
        report_date,
        channel,
        sum(orders)::number(38, 0) as orders,
        sum(sales)::number(18, 2) as sales,
        sum(refunds)::number(18, 2) as refunds
    from movements
    group by report_date, channel

),

-- a day may have spend without orders, and orders without spend
joined as (

    select
        coalesce(costs.report_date, revenue.report_date) as report_date,
        coalesce(costs.channel, revenue.channel) as channel,
        coalesce(costs.impressions, 0) as impressions,
        coalesce(costs.clicks, 0) as clicks,
        coalesce(costs.spend, 0)::number(18, 6) as spend,
        coalesce(revenue.orders, 0) as orders,
        coalesce(revenue.sales, 0)::number(18, 2) as sales,
        coalesce(revenue.refunds, 0)::number(18, 2) as refunds
    from costs
    full outer join revenue
        on revenue.report_date = costs.report_date
        and revenue.channel = costs.channel

)

select
    report_date,
    channel,
    impressions,
    clicks,
    spend,
    orders,
    sales,
    refunds,
    (sales - refunds)::number(18, 2) as net_revenue,
    round((sales - refunds) / nullif(spend, 0), 4)::number(18, 4) as roas
from joined
    );

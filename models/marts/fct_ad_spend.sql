{{ config(
    materialized='incremental',
    unique_key=['report_date', 'account_id', 'campaign_id', 'ad_group_id', 'ad_id']
) }}

with performance as (

    select *
    from {{ ref('stg_google_ads__ad_performance') }}
    {% if is_incremental() %}
    -- whole days: a correction may concern one device of an ad, and the fact holds their sum
    where report_date in (
        select report_date
        from {{ ref('stg_google_ads__ad_performance') }}
        where _loaded_at >= {{ loaded_since(this) }}
    )
    {% endif %}

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
    {{ to_reporting('totals.spend', 'rates.rate_to_reporting') }} as spend_reporting,
    totals.conversions,
    totals.conversion_value,
    totals._loaded_at
from totals
left join {{ ref('exchange_rates') }} as rates
    on rates.rate_date = totals.report_date
    and rates.currency_code = totals.currency_code

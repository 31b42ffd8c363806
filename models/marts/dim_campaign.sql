with latest as (

    select
        campaign_id,
        account_id,
        account_name,
        account_timezone,
        currency_code,
        campaign_name,
        campaign_status,
        campaign_type
    from {{ ref('stg_google_ads__ad_performance') }}
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
    from {{ ref('stg_google_ads__ad_performance') }}
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

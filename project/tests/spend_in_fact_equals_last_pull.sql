-- The fact holds what the last pull of each row said: an incremental run that missed a correction would differ.
with staged as (

    select report_date, campaign_id, sum(spend) as spend, sum(clicks) as clicks, sum(conversions) as conversions
    from {{ ref('stg_google_ads__ad_performance') }}
    group by report_date, campaign_id

),

fact as (

    select report_date, campaign_id, sum(spend) as spend, sum(clicks) as clicks, sum(conversions) as conversions
    from {{ ref('fct_ad_spend') }}
    group by report_date, campaign_id

)

select
    coalesce(staged.report_date, fact.report_date) as report_date,
    coalesce(staged.campaign_id, fact.campaign_id) as campaign_id,
    staged.spend as spend_staged,
    fact.spend as spend_in_fact
from staged
full outer join fact
    on fact.report_date = staged.report_date
    and fact.campaign_id = staged.campaign_id
where coalesce(staged.spend, 0) <> coalesce(fact.spend, 0)
    or coalesce(staged.clicks, 0) <> coalesce(fact.clicks, 0)
    or coalesce(staged.conversions, 0) <> coalesce(fact.conversions, 0)

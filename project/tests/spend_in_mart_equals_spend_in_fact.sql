-- No spend is lost or counted twice on its way to the mart: day by day, to the last decimal.
with fact as (

    select report_date, sum(spend_reporting) as spend, sum(clicks) as clicks
    from {{ ref('fct_ad_spend') }}
    group by report_date

),

mart as (

    select report_date, sum(spend) as spend, sum(clicks) as clicks
    from {{ ref('mart_channel_daily') }}
    group by report_date

)

select
    coalesce(fact.report_date, mart.report_date) as report_date,
    fact.spend as spend_in_fact,
    mart.spend as spend_in_mart
from fact
full outer join mart on mart.report_date = fact.report_date
where coalesce(fact.spend, 0) <> coalesce(mart.spend, 0)
    or coalesce(fact.clicks, 0) <> coalesce(mart.clicks, 0)

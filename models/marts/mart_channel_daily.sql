with costs as (

    select
        ads.report_date,
        campaigns.channel,
        sum(ads.impressions)::number(38, 0) as impressions,
        sum(ads.clicks)::number(38, 0) as clicks,
        sum(ads.spend_reporting)::number(18, 6) as spend
    from {{ ref('fct_ad_spend') }} as ads
    inner join {{ ref('dim_campaign') }} as campaigns
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
    from {{ ref('fct_orders') }}
    where not is_cancelled

    union all

    select
        refund_date as report_date,
        channel,
        0 as orders,
        0 as sales,
        refund_amount as refunds
    from {{ ref('fct_refunds') }}
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

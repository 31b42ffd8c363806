-- Sales less refunds are the same in the mart, in the orders, and in orders and refunds apart.
with totals as (

    select
        (select coalesce(sum(net_revenue), 0) from {{ ref('mart_channel_daily') }}) as in_mart,
        (select coalesce(sum(net_revenue), 0) from {{ ref('fct_orders') }}) as in_orders,
        (select coalesce(sum(sales_amount), 0) from {{ ref('fct_orders') }})
            - (select coalesce(sum(refund_amount), 0) from {{ ref('fct_refunds') }}) as in_orders_and_refunds

)

select *
from totals
where in_mart <> in_orders
    or in_mart <> in_orders_and_refunds

with latest as (

    select
        customer_id,
        email,
        first_name
    from {{ ref('stg_shopify__orders') }}
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
    from {{ ref('fct_orders') }}
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

select
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
from {{ ref('stg_shopify__refunds') }} as refunds
inner join {{ ref('fct_orders') }} as orders
    on orders.order_id = refunds.order_id
inner join {{ ref('int_shopify__refund_revenue') }} as revenue
    on revenue.refund_id = refunds.refund_id

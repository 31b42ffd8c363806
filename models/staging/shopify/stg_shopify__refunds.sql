with refunds as (

    select
        refund.value:id::varchar as refund_id,
        orders.order_id,
        {{ to_utc('refund.value:created_at::varchar') }} as refunded_at,
        refund.value:transactions as transactions,
        orders._loaded_at
    from {{ ref('stg_shopify__orders') }} as orders,
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
    {{ shop_date('refunds.refunded_at') }} as refund_date,
    coalesce(payments.paid_back_amount, 0)::number(18, 2) as paid_back_amount,
    refunds._loaded_at
from refunds
left join payments on payments.refund_id = refunds.refund_id

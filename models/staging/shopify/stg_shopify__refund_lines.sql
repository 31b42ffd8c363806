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
from {{ ref('stg_shopify__orders') }} as orders,
    lateral flatten(input => orders.refunds) as refund,
    lateral flatten(input => refund.value:refund_line_items) as line

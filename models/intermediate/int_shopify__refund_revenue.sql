select
    refund_lines.refund_id,
    sum(
        case
            when lines.is_gift_card then 0
            when orders.is_tax_included then refund_lines.subtotal_amount - refund_lines.tax_amount
            else refund_lines.subtotal_amount
        end
    )::number(18, 2) as refund_amount
from {{ ref('stg_shopify__refund_lines') }} as refund_lines
inner join {{ ref('stg_shopify__order_lines') }} as lines
    on lines.line_id = refund_lines.line_id
inner join {{ ref('stg_shopify__orders') }} as orders
    on orders.order_id = refund_lines.order_id
group by refund_lines.refund_id

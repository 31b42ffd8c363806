with lines as (

    select
        orders.order_id,
        line.value:id::varchar as line_id,
        line.value:sku::varchar as sku,
        line.value:title::varchar as title,
        line.value:gift_card::boolean as is_gift_card,
        line.value:quantity::number(38, 0) as quantity,
        line.value:price::number(18, 2) as unit_price,
        line.value:discount_allocations as discount_allocations,
        orders._loaded_at
    from {{ ref('stg_shopify__orders') }} as orders,
        lateral flatten(input => orders.line_items) as line

),

discounts as (

    select
        lines.line_id,
        sum(allocation.value:amount::number(18, 2)) as discount_amount
    from lines,
        lateral flatten(input => lines.discount_allocations) as allocation
    group by lines.line_id

)

select
    lines.line_id,
    lines.order_id,
    lines.sku,
    lines.title,
    lines.is_gift_card,
    lines.quantity,
    lines.unit_price,
    (lines.quantity * lines.unit_price)::number(18, 2) as gross_amount,
    coalesce(discounts.discount_amount, 0)::number(18, 2) as discount_amount,
    lines._loaded_at
from lines
left join discounts on discounts.line_id = lines.line_id

-- What the customer paid is the sum of its parts: an order whose lines, discounts or taxes were read wrongly does not add up.
select
    order_id,
    total_amount,
    gross_amount - discount_amount + gift_card_amount + shipping_amount + tip_amount + tax_amount - included_tax_amount as parts
from {{ ref('fct_orders') }}
where total_amount
    <> gross_amount - discount_amount + gift_card_amount + shipping_amount + tip_amount + tax_amount - included_tax_amount

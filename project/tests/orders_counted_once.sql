-- Every order that was delivered, but for test orders, is one row of the fact, and is counted once in the mart.
with delivered as (

    select distinct payload:id::varchar as order_id
    from {{ source('shopify', 'orders') }}
    where not payload:test::boolean

),

counted as (

    select
        (select count(*) from delivered) as delivered,
        (select count(*) from {{ ref('fct_orders') }}) as in_fact,
        (select count(*) from {{ ref('fct_orders') }} where not is_cancelled) as valid_in_fact,
        (select coalesce(sum(orders), 0) from {{ ref('mart_channel_daily') }}) as in_mart

)

select *
from counted
where delivered <> in_fact
    or valid_in_fact <> in_mart

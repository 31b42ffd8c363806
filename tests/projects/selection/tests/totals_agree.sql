{{ config(severity='warn', tags=['loud'], store_failures=true) }}
select * from {{ ref('orders') }} join {{ ref('customers') }} using (id) where false

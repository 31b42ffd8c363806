{{ config(access='public', full_refresh=false, pre_hook='select 1', grants={'select': ['bob', 'eve']}) }}
select * from {{ ref('stg_customers') }} left join {{ ref('orders') }} using (id)

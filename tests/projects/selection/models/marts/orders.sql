{{ config(meta={'owner': 'ann', 'level': 2, 'hot': true, 'areas': ['eu', 'us'], 'deep': {'er': {'est': 'x'}}}, unique_key=['id', 'day'], on_schema_change='fail') }}
select * from {{ ref('stg_orders') }} left join {{ ref('stg_payments') }} using (id)

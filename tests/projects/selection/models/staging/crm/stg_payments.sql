{{ config(materialized='ephemeral', tags=['nightly', 'money']) }}
select * from {{ source('crm', 'payments') }}

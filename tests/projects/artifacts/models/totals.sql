{{ config(materialized='incremental', unique_key='id', post_hook='select 1') }}
select id, sum(amount) as total from {{ ref('some') }} group by id

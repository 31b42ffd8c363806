{{ config(tags='nightly', materialized='incremental', access='private', persist_docs={'relation': true}) }}
select * from {{ ref('customers') }} join {{ ref('bolts') }} using (id)

{% snapshot orders_history %}{{ config(unique_key='id', strategy='check', check_cols='all', tags='nightly') }}select * from {{ ref('orders') }}{% endsnapshot %}

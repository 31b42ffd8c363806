select 1 as id from {{ ref('orders') }} where there_is_no_such_column

select * from {{ ref('stg_parts') }}

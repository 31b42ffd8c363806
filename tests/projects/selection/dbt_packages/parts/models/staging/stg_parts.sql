select * from {{ source('crm', 'parts') }}

select * from {{ ref('bolts') }}

select * from {{ ref('bolts') }} where false

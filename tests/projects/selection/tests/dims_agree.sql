select * from {{ ref('dim', v=2) }} join {{ ref('fee') }} using (id) where false

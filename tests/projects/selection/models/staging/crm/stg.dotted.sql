{{ config(tags='stage.sub') }}
select * from {{ source('web', 'clicks') }}

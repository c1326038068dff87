-- Grain: one row per project_name that any record has.

with asset as (
    select * from {{ ref('int_assets_joined') }}
),

project_name as (
    select distinct project_name from asset
    where project_name != ''
)

select * from project_name

-- Grain: one row per subject_id that any record has.

with asset as (
    select * from {{ ref('int_assets_joined') }}
),

subject_id as (
    select distinct subject_id from asset
    where subject_id != ''
)

select * from subject_id

-- Grain: one row per genotype that any record has.

with asset as (
    select * from {{ ref('int_assets_joined') }}
),

genotype as (
    select distinct genotype from asset
    where genotype != ''
)

select * from genotype

-- Grain: one row per asset name that is raw or comes from a raw asset; the nearest one.

with raw_asset as (
    select
        name,
        name as raw_name,
        0 as depth
    from {{ ref('int_assets_joined') }}
    where
        is_current
        and data_level = 'raw'
),

derived_asset as (
    select
        name,
        root_raw_name as raw_name,
        depth
    from {{ ref('int_lineage_resolved') }}
    where root_raw_name is not null
),

ancestor as (
    select * from raw_asset
    union all
    select * from derived_asset
),

nearest_ancestor as (
    select
        name,
        raw_name
    from ancestor
    qualify row_number() over (partition by name order by depth asc, raw_name asc) = 1
)

select * from nearest_ancestor

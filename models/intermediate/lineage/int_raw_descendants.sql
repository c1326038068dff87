-- Grain: one row per raw asset name and derived asset name that descends from it.

with recursive edge as (
    select
        name,
        source_name,
        processed_at
    from {{ ref('int_derivations') }}
    where source_name != ''
),

raw_asset as (
    select name from {{ ref('int_assets_joined') }}
    where
        is_current
        and data_level = 'raw'
),

descent as (
    select
        raw_asset.name as raw_name,
        edge.name,
        edge.processed_at
    from raw_asset
    inner join edge on raw_asset.name = edge.source_name

    -- Each pair once, so that cycles end and two paths to an asset give one row.
    union

    select
        descent.raw_name,
        edge.name,
        edge.processed_at
    from descent
    inner join edge on descent.name = edge.source_name
)

select * from descent

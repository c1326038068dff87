-- Grain: one row per derived asset name and source name, with the raw asset at the chain's end.

with recursive edge as (
    select
        name,
        source_name
    from {{ ref('int_derivations') }}
    where source_name != ''
),

walk as (
    select
        name,
        source_name,
        source_name as ancestor,
        1 as depth,
        [name, source_name] as path,
        name = source_name as is_cycle
    from edge

    union all

    select
        walk.name,
        walk.source_name,
        edge.source_name as ancestor,
        walk.depth + 1 as depth,
        list_append(walk.path, edge.source_name) as path,
        list_contains(walk.path, edge.source_name) as is_cycle
    from walk
    inner join edge on walk.ancestor = edge.name
    where not walk.is_cycle
),

raw_asset as (
    select name from {{ ref('int_assets_described') }}
    where
        is_record_of_name
        and coalesce(data_level, '') != 'derived'
),

judged as (
    select
        walk.name,
        walk.source_name,
        walk.depth,
        walk.is_cycle,
        raw_asset.name as raw_name
    from walk
    left join raw_asset on walk.ancestor = raw_asset.name
),

ended as (
    select
        name,
        source_name,
        bool_or(is_cycle) as has_cycle,
        -- The nearest raw asset; of two at the same distance the first by name.
        min({'depth': depth, 'raw_name': raw_name}) filter (where raw_name is not null) as nearest
    from judged
    group by all
)

select
    name,
    source_name,
    nearest.raw_name as root_raw_name,
    nearest.depth as depth,
    has_cycle
from ended

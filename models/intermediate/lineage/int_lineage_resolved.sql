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
    select name from {{ ref('int_assets_joined') }}
    where
        is_current
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
        -- The nearest raw asset; of two at the same distance the first by name.
        first_value(raw_name) over nearest as root_raw_name,
        if(raw_name is null, null, depth) as raw_depth,
        bool_or(is_cycle) over (partition by name, source_name) as has_cycle,
        row_number() over nearest as place
    from judged
    window nearest as (
        partition by name, source_name
        order by raw_name is null asc, depth asc, raw_name asc
    )
)

select
    name,
    source_name,
    root_raw_name,
    raw_depth as depth,
    has_cycle
from ended
where place = 1

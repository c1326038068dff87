-- Grain: one row per derived asset name and source name, with the nearest raw asset behind it.

-- The linter's grammar of DuckDB has no `using key` yet.
with recursive edge as ( -- noqa: PRS
    select
        name,
        source_name
    from {{ ref('int_derivations') }}
    where source_name != ''
),

raw_asset as (
    select name from {{ ref('int_assets_joined') }}
    where
        is_current
        and data_level = 'raw'
),

-- Each name once, at its smallest distance; of several raw assets as near the first by name. The
-- recursive half sees the names of the last step, and in `recurring` those of all steps.
nearest_raw (name, root_raw_name, distance) using key (name) as (
    select
        name,
        name as root_raw_name,
        0 as distance
    from raw_asset

    union

    select
        edge.name,
        min(nearest_raw.root_raw_name) as root_raw_name,
        nearest_raw.distance + 1 as distance
    from nearest_raw
    inner join edge on nearest_raw.name = edge.source_name
    where edge.name not in (select reached.name from recurring.nearest_raw as reached)
    group by edge.name, nearest_raw.distance
),

-- Each pair once. Only names between two others can lie on a cycle.
inner_edge as (
    select * from edge
    where
        source_name in (select name from edge)
        and name in (select source_name from edge)
),

ancestor as (
    select
        name,
        source_name as ancestor_name
    from inner_edge

    union

    select
        ancestor.name,
        inner_edge.source_name as ancestor_name
    from ancestor
    inner join inner_edge on ancestor.ancestor_name = inner_edge.name
)

select
    edge.name,
    edge.source_name,
    nearest_raw.root_raw_name,
    nearest_raw.distance + 1 as depth,
    edge.name = edge.source_name or ancestor.name is not null as has_cycle
from edge
left join nearest_raw on edge.source_name = nearest_raw.name
left join ancestor
    on
        edge.source_name = ancestor.name
        and edge.name = ancestor.ancestor_name

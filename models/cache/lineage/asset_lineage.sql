-- Grain: one row per derived asset name and source name.

with derivation as (
    select * from {{ ref('int_derivations') }}
    where source_name != ''
),

lineage as (
    select * from {{ ref('int_lineage_resolved') }}
),

edge as (
    select
        derivation.name,
        derivation.source_name,
        lineage.root_raw_name,
        cast(lineage.depth as integer) as depth,
        nullif(derivation.pipeline_name, '') as pipeline_name,
        derivation.processed_at,
        derivation.modalities
    from derivation
    inner join lineage
        on
            derivation.name = lineage.name
            and derivation.source_name = lineage.source_name
),

ranked_edge as (
    select
        *,
        row_number() over (
            partition by source_name, pipeline_name
            order by processed_at desc nulls last, name desc
        ) = 1 as is_latest
    from edge
)

select * from ranked_edge

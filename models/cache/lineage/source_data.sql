-- Grain: one row per derived asset name and source name; '' where it names no source.

with derivation as (
    select * from {{ ref('int_derivations') }}
),

source_asset as (
    select
        name,
        source_name as source_data,
        coalesce(pipeline_name, '') as pipeline_name,
        processing_time
    from derivation
)

select * from source_asset

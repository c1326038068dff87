-- Grain: one row per raw ExaSPIM asset name.

with raw_asset as (
    select * from {{ ref('int_spim_assets') }}
    where
        is_raw
        and is_exaspim
),

raw_file as (
    select
        location,
        -- The first of `neuroglancer.json` and `process_output.json` that exists.
        min(file_name) as file_name
    from {{ ref('stg_objects__exaspim_files') }}
    group by all
),

fused as (
    select * from {{ ref('int_newest_descendants') }}
    where word = 'fused'
),

linked_asset as (
    select
        coalesce(fused.name, raw_asset.name) as name,
        raw_asset.name as raw_name,
        fused.name is not null as processed,
        '{{ var("exaspim_viewer") }}' || raw_asset.location || '/' || raw_file.file_name
            as raw_link,
        '{{ var("exaspim_viewer") }}' || fused.location as fused_link
    from raw_asset
    left join fused on raw_asset.name = fused.raw_name
    left join raw_file on raw_asset.location = raw_file.location
)

select * from linked_asset

-- Grain: one row per raw SmartSPIM asset name and channel; without channels one with NULL.

with raw_asset as (
    select * from {{ ref('int_spim_assets') }}
    where
        is_raw
        and not is_exaspim
),

channel as (
    select * from {{ ref('stg_objects__channels') }}
),

raw_link as (
    select * from {{ ref('stg_objects__raw_links') }}
),

stitched as (
    select
        raw_name,
        name,
        location,
        institution_abbreviation,
        process_end_time,
        '{{ var("spim_viewer") }}' || location as link
    from {{ ref('int_newest_descendants') }}
    where word = 'stitched'
),

linked_asset as (
    select
        coalesce(stitched.name, raw_asset.name) as name,
        raw_asset.name as raw_name,
        stitched.name is not null as processed,
        stitched.institution_abbreviation as institution,
        stitched.process_end_time as processing_end_time,
        stitched.link || '/neuroglancer_config.json' as stitched_link,
        stitched.link || '/image_atlas_alignment/neuroglancer_config.json' as alignment_link,
        stitched.link || '/image_atlas_alignment/ccf_visualization/neuroglancer_config.json'
            as alignment_ccf_link,
        channel.channel,
        stitched.link || '/image_cell_segmentation/' || channel.channel
        || '/visualization/neuroglancer_config.json' as segmentation_link,
        stitched.link || '/image_cell_quantification/' || channel.channel
        || '/visualization/neuroglancer_config.json' as quantification_link,
        -- The file has moved since some links were written.
        if(
            contains(raw_link.raw_link, '/SPIM/derivatives/'),
            raw_link.raw_link,
            replace(raw_link.raw_link, '/derivatives/', '/SPIM/derivatives/')
        ) as raw_link
    from raw_asset
    left join stitched on raw_asset.name = stitched.raw_name
    left join channel on stitched.location = channel.location
    left join raw_link on raw_asset.location = raw_link.location
)

select * from linked_asset

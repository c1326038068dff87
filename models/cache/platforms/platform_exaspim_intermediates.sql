-- Grain: one row per raw ExaSPIM asset name, with the folders of its latest fused asset.

with raw_asset as (
    select * from {{ ref('int_spim_assets') }}
    where
        is_raw
        and is_exaspim
),

fused as (
    select * from {{ ref('int_newest_descendants') }}
    where word = 'fused'
),

-- Without a folder there is one row of the answer, without a name.
folder as (
    select
        location,
        coalesce(bool_or(folder = 'fusion/fused.zarr'), false) as fused_present,
        coalesce(bool_or(folder = 'fusion/fused_ccf_ch.zarr'), false) as fused_ccf_present,
        coalesce(bool_or(folder = 'flatfield_correction/SPIM.ome.zarr'), false)
            as flatfield_present,
        coalesce(bool_or(folder = 'denoised/SPIM.ome.zarr'), false) as denoised_present
    from {{ ref('stg_objects__exaspim_folders') }}
    group by location
),

clock as (
    select * from {{ ref('int_as_of') }}
),

fused_asset as (
    select
        raw_asset.name as raw_name,
        raw_asset.subject_id,
        raw_asset.project_name,
        fused.name,
        fused.location,
        folder.fused_present,
        folder.fused_ccf_present,
        folder.flatfield_present,
        folder.denoised_present,
        folder.flatfield_present or folder.denoised_present as has_intermediates,
        list_concat(
            case when not folder.fused_present then ['fusion/fused.zarr/'] else [] end,
            case when not folder.fused_ccf_present then ['fusion/fused_ccf_ch.zarr/'] else [] end
        ) as missing_required_folders,
        case when folder.location is not null then clock.as_of end as checked_at
    from raw_asset
    left join fused on raw_asset.name = fused.raw_name
    left join folder on fused.location = folder.location
    cross join clock
)

select * from fused_asset

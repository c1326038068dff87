-- Grain: one row per SPIM asset name, raw or derived.

with asset as (
    select * from {{ ref('int_assets_joined') }}
    where is_current
),

-- A derived asset without an acquisition was taken by the instrument of its raw asset.
acquisition as (
    select * from {{ ref('int_assets_joined_to_root') }}
),

spim_asset as (
    select
        asset.record_id,
        asset.name,
        asset.subject_id,
        asset.project_name,
        asset.location,
        asset.data_level = 'raw' as is_raw,
        contains(
            lower(regexp_replace(coalesce(acquisition.instrument_id, ''), '[_-]', '', 'g')),
            'exaspim'
        ) as is_exaspim
    from asset
    inner join acquisition on asset.record_id = acquisition.record_id
    where
        asset.data_level in ('raw', 'derived')
        and contains(array_to_string(asset.modalities, ' '), 'SPIM')
)

select * from spim_asset

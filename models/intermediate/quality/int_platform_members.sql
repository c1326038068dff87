-- Grain: one row per platform and asset name that belongs to it.

with platform as (
    select * from {{ ref('platforms') }}
),

asset as (
    select
        *,
        lower(regexp_replace(instrument_id, '[_-]', '', 'g')) as instrument_key
    from {{ ref('int_assets_joined_to_root') }}
),

modality as (
    select
        record_id,
        lower(abbreviation) as modality_key
    from {{ ref('stg_docdb__modalities') }}
),

member as (
    select distinct
        platform.platform,
        asset.record_id,
        asset.name,
        asset.acquisition_record_id,
        asset.instrument_id,
        asset.acquisition_start_time
    from asset
    inner join modality on asset.record_id = modality.record_id
    inner join platform on modality.modality_key = lower(platform.qc_modality)
    where
        (
            platform.acquisition_type_pattern is null
            or regexp_matches(asset.acquisition_type, platform.acquisition_type_pattern)
        )
        and (
            platform.instrument_pattern is null
            or contains(asset.instrument_key, platform.instrument_pattern)
        )
        and (
            platform.project_name is null
            or asset.project_name = platform.project_name
        )
)

select * from member

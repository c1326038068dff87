-- Grain: one row per asset name, with its own acquisition or else that of its raw asset.

with asset as (
    select * from {{ ref('int_assets_joined') }}
    where is_current
),

root as (
    select * from {{ ref('int_asset_roots') }}
),

asset_with_acquisition as (
    select
        asset.record_id,
        asset.name,
        asset.project_name,
        asset.modalities,
        if(asset.has_acquisition, asset.record_id, raw_asset.record_id) as acquisition_record_id,
        if(asset.has_acquisition, asset.acquisition_type, raw_asset.acquisition_type)
            as acquisition_type,
        if(asset.has_acquisition, asset.instrument_id, raw_asset.instrument_id) as instrument_id,
        if(
            asset.has_acquisition,
            asset.acquisition_start_time,
            raw_asset.acquisition_start_time
        ) as acquisition_start_time
    from asset
    left join root on asset.name = root.name
    left join asset as raw_asset on root.raw_name = raw_asset.name
)

select * from asset_with_acquisition

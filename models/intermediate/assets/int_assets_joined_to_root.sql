-- Grain: one row per asset name, with the acquisition facts of its own or of its raw asset.

with asset as (
    select * from {{ ref('int_assets_joined') }}
    where is_current
),

root as (
    select
        name,
        root_raw_name
    from {{ ref('int_lineage_resolved') }}
    where root_raw_name is not null
    qualify row_number() over (partition by name order by depth asc, root_raw_name asc) = 1
),

joined as (
    select
        asset.record_id,
        asset.name,
        asset.project_name,
        asset.modalities,
        if(asset.has_acquisition, asset.acquisition_type, raw_asset.acquisition_type)
            as acquisition_type,
        if(asset.has_acquisition, asset.instrument_id, raw_asset.instrument_id) as instrument_id
    from asset
    left join root on asset.name = root.name
    left join asset as raw_asset on root.root_raw_name = raw_asset.name
)

select * from joined

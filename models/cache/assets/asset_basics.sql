-- Grain: one row per record.

with asset as (
    select * from {{ ref('int_assets_joined') }}
),

people as (
    select * from {{ ref('int_people_aggregated') }}
),

described_asset as (
    select
        asset.record_id as _id,
        asset.last_modified as _last_modified,
        asset.name,
        asset.modalities,
        asset.project_name,
        asset.data_level,
        asset.subject_id,
        asset.genotype,
        asset.acquisition_start_time,
        asset.acquisition_end_time,
        asset.acquisition_type,
        asset.instrument_id,
        asset.code_ocean,
        asset.process_date,
        cast(asset.age as integer) as age,
        asset.location,
        coalesce(people.experimenters, []) as experimenters,
        coalesce(people.investigators, []) as investigators,
        coalesce(people.experimenters_normalized, []) as experimenters_normalized,
        coalesce(people.investigators_normalized, []) as investigators_normalized,
        {{ instrument_name('asset.instrument_id') }} as instrument_id_normalized,
        asset.created
    from asset
    left join people on asset.record_id = people.record_id
)

select * from described_asset

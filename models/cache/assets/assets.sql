-- Grain: one row per asset name, from the record of that name.

with asset as (
    select
        *,
        count(*) over (partition by name) as record_count
    from {{ ref('int_assets_joined') }}
    where name is not null
),

platform as (
    select
        name,
        list(platform order by platform) as platforms
    from {{ ref('int_platform_members') }}
    group by all
),

current_asset as (
    select
        *,
        cast(acquisition_start_time as timestamptz) as acquisition_start_at,
        cast(acquisition_end_time as timestamptz) as acquisition_end_at,
        {{ local_time('acquisition_start_time') }} as acquisition_start_local
    from asset
    where is_current
),

published_asset as (
    select
        current_asset.name,
        current_asset.record_id as _id,
        current_asset.location,
        current_asset.project_name,
        current_asset.subject_id,
        current_asset.genotype,
        cast(current_asset.age as integer) as age,
        current_asset.data_level,
        coalesce(current_asset.data_level = 'raw', false) as is_raw,
        current_asset.modalities,
        coalesce(platform.platforms, []) as platforms,
        current_asset.acquisition_type,
        current_asset.instrument_id,
        current_asset.acquisition_start_at,
        current_asset.acquisition_end_at,
        current_asset.acquisition_start_local,
        {{ utc_offset_minutes('current_asset.acquisition_start_time') }} as utc_offset_minutes,
        date_diff(
            'microsecond', current_asset.acquisition_start_at, current_asset.acquisition_end_at
        ) / 1e6 as duration_s,
        current_asset.code_ocean[1] as code_ocean_id,
        cast(current_asset.record_count as integer) as record_count
    from current_asset
    left join platform on current_asset.name = platform.name
)

select * from published_asset

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

timed as (
    select
        *,
        {{ parse_timestamp('acquisition_start_time') }} as acquisition_start_at,
        {{ parse_timestamp('acquisition_end_time') }} as acquisition_end_at,
        cast(
            regexp_replace(
                acquisition_start_time, '(T.*)(Z|[+-]\d\d(:?\d\d)?)$', '\1'
            ) as timestamp
        ) as acquisition_start_local,
        regexp_extract(acquisition_start_time, 'T.*(Z|[+-]\d\d(:?\d\d)?)$', 1) as utc_offset
    from asset
    where is_current
),

described as (
    select
        timed.name,
        timed.record_id as _id,
        timed.location,
        timed.project_name,
        timed.subject_id,
        timed.genotype,
        cast(timed.age as integer) as age,
        timed.data_level,
        coalesce(timed.data_level = 'raw', false) as is_raw,
        timed.modalities,
        coalesce(platform.platforms, []) as platforms,
        timed.acquisition_type,
        timed.instrument_id,
        timed.acquisition_start_at,
        timed.acquisition_end_at,
        timed.acquisition_start_local,
        case
            when timed.utc_offset = 'Z' then 0
            when timed.utc_offset != ''
                then
                    cast(concat(left(timed.utc_offset, 1), '1') as integer) * (
                        60 * cast(substr(timed.utc_offset, 2, 2) as integer)
                        + coalesce(try_cast(right(substr(timed.utc_offset, 4), 2) as integer), 0)
                    )
        end as utc_offset_minutes,
        date_diff('microsecond', timed.acquisition_start_at, timed.acquisition_end_at) / 1e6
            as duration_s,
        timed.code_ocean[1] as code_ocean_id,
        cast(timed.record_count as integer) as record_count
    from timed
    left join platform on timed.name = platform.name
)

select * from described

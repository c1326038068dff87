-- Grain: one row per record and check of its start against its name that it fails.

with record as (
    select
        record_id,
        name,
        acquisition_start_time,
        cast(acquisition_start_time as timestamptz) as start_at,
        {{ time_in_name('name') }} as time_in_name,
        regexp_full_match(acquisition_start_time, '.*(Z|[+-]00:00)') as is_utc
    from {{ ref('int_assets_joined') }}
),

-- Offset from UTC of the time in the name, and the nearest time zone.
named_record as (
    select
        *,
        epoch_us({{ parse_time_in_name('time_in_name') }}) - epoch_us(start_at) as offset_us,
        round(offset_us / 3.6e9) as whole_hours,
        greatest(-12, least(14, whole_hours)) as nearest_zone
    from record
),

start_differs_from_name as (
    select
        'start_differs_from_name' as "check",
        record_id,
        name,
        concat('start ', acquisition_start_time, ', name ', time_in_name) as detail
    from named_record
    where abs(offset_us - nearest_zone * 3.6e9) > 10 * 6e7
),

start_zone_doubtful as (
    select
        'start_zone_doubtful' as "check",
        record_id,
        name,
        concat('start ', acquisition_start_time, ', name ', time_in_name) as detail
    from named_record
    where
        is_utc
        and whole_hours != 0
        and abs(offset_us - whole_hours * 3.6e9) <= 2 * 6e7
)

select * from start_differs_from_name
union all
select * from start_zone_doubtful

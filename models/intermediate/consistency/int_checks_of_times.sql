-- Grain: one row per record and check of its times that it fails.

with clock as (
    select * from {{ ref('int_as_of') }}
),

record as (
    select
        record_id,
        name,
        acquisition_start_time,
        acquisition_end_time,
        birth_date,
        days_since_birth,
        age,
        cast(acquisition_start_time as timestamptz) as start_at,
        cast(acquisition_end_time as timestamptz) as end_at
    from {{ ref('int_assets_joined') }}
),

end_before_start as (
    select
        'end_before_start' as "check",
        record_id,
        name,
        concat('start ', acquisition_start_time, ', end ', acquisition_end_time) as detail
    from record
    where end_at < start_at
),

duration_doubtful as (
    select
        'duration_doubtful' as "check",
        record_id,
        name,
        concat('start ', acquisition_start_time, ', end ', acquisition_end_time) as detail
    from record
    where date_diff('microsecond', start_at, end_at) > 7 * 24 * 3.6e9
),

impossible_age as (
    select
        'impossible_age' as "check",
        record_id,
        name,
        concat('start ', acquisition_start_time, ', born ', birth_date) as detail
    from record
    where
        days_since_birth is not null
        and age is null
),

impossible_time as (
    select
        'impossible_time' as "check",
        record.record_id,
        record.name,
        concat_ws(
            ', ',
            'start ' || record.acquisition_start_time,
            'end ' || record.acquisition_end_time,
            concat('extracted ', strftime(clock.as_of, '%Y-%m-%dT%H:%M:%SZ'))
        ) as detail
    from record
    cross join clock
    where
        record.start_at < timestamptz '2000-01-01 00:00:00+00'
        or record.end_at < timestamptz '2000-01-01 00:00:00+00'
        or record.start_at > clock.as_of
        or record.end_at > clock.as_of
),

failed_check as (
    select * from end_before_start
    union all
    select * from duration_doubtful
    union all
    select * from impossible_age
    union all
    select * from impossible_time
)

select * from failed_check

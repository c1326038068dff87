-- Grain: one row per check and record that it looks at.

with consistency_check as (
    select * from {{ ref('consistency_checks') }}
),

record as (
    select * from {{ ref('int_checked_records') }}
),

failed_check as (
    select * from {{ ref('int_failed_checks') }}
),

clock as (
    select * from {{ ref('int_as_of') }}
),

result as (
    select
        consistency_check.check_key,
        if(failed_check.record_id is null, 'pass', 'fail') as status,
        record.record_kind,
        record.record_id,
        record.name,
        record.location,
        record.record_last_modified,
        clock.as_of as checked_at
    from consistency_check
    inner join record on consistency_check.record_kind = record.record_kind
    left join failed_check
        on
            consistency_check.check_key = failed_check."check"
            and record.record_id = failed_check.record_id
    cross join clock
)

select * from result

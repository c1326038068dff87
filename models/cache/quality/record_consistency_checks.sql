-- Grain: one row per check of consistency; none as long as there is no record to be checked.

with consistency_check as (
    select * from {{ ref('consistency_checks') }}
),

record_count as (
    select
        record_kind,
        count(*) as evaluated_count
    from {{ ref('int_checked_records') }}
    group by all
),

failed_count as (
    select
        "check" as check_key,
        count(*) as failed_count
    from {{ ref('int_failed_checks') }}
    group by all
),

clock as (
    select * from {{ ref('int_as_of') }}
),

counted_check as (
    select
        consistency_check.check_key,
        consistency_check.check_description,
        {{ model_source_url('consistency_check.model', 'int_checks_of_') }} as check_source_url,
        {{ model_hash('consistency_check.model', 'int_checks_of_') }} as check_hash,
        concat('docdb_', consistency_check.record_kind) as source,
        cast(coalesce(record_count.evaluated_count, 0) as integer) as evaluated_count,
        cast(coalesce(failed_count.failed_count, 0) as integer) as failed_count,
        clock.as_of as checked_at
    from consistency_check
    left join record_count on consistency_check.record_kind = record_count.record_kind
    left join failed_count on consistency_check.check_key = failed_count.check_key
    cross join clock
    where clock.as_of is not null
)

select * from counted_check

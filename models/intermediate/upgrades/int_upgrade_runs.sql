-- Grain: one row per row of the upgrader's table; whether it is the last run of its v1 record.

with run as (
    select * from {{ ref('stg_upgrader__runs') }}
),

ordered_run as (
    select
        *,
        lower(trim(upgrader_version)) as version_name,
        -- The upgrader keeps one row per record; if it has several, the newest is used.
        row_number() over (
            partition by record_id
            order by
                {{ parse_timestamp('last_modified') }} desc nulls last,
                list_transform(
                    regexp_extract_all(upgrader_version, '\d+'),
                    lambda number: try_cast(number as bigint)
                ) desc nulls last,
                lower(trim(upgrader_version)) desc nulls last,
                v2_id asc nulls last,
                status asc nulls last,
                upgrade_datetime asc nulls last
        ) as run_number
    from run
),

ranked_run as (
    select
        record_id,
        v2_id,
        upgrader_version,
        last_modified,
        status,
        upgrade_datetime,
        invalid_fields,
        run_number,
        record_id is not null and run_number = 1 as is_last,
        record_id is not null
        and (run_number = 1 or version_name is not null)
        and run_number = min(run_number) over (partition by record_id, version_name)
            as is_last_of_version
    from ordered_run
)

select * from ranked_run

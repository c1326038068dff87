-- Grain: one row per v1 record that the upgrader knows.

with upgraded_record as (
    select * from {{ ref('int_upgraded_records') }}
),

-- One column per upgrader version that was ever seen, also by records that are gone.
status_by_version as (
    pivot {{ ref('int_upgrade_versions') }}
    on upgrader_version
    using any_value(status)
    group by record_id
),

upgrade as (
    select
        upgraded_record.record_id as _id,
        upgraded_record.name,
        upgraded_record.project_name,
        upgraded_record.data_level,
        upgraded_record.v2_id,
        upgraded_record.upgrader_version,
        upgraded_record.last_modified,
        upgraded_record.status,
        upgraded_record.upgrade_datetime,
        -- 2026-11-20: sqlfluff takes the name that is left out for one that is selected.
        status_by_version.* exclude (record_id) -- noqa: RF02
    from upgraded_record
    left join status_by_version on upgraded_record.record_id = status_by_version.record_id
)

-- 2026-11-20: the number of columns depends on the data.
select * from upgrade -- noqa: AM04

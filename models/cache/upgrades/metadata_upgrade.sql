-- Grain: one row per v1 record that the upgrader knows.

with last_run as (
    select * from {{ ref('int_upgrade_runs') }}
    where is_last
),

record_v1 as (
    select * from {{ ref('stg_docdb_v1__identities') }}
),

record_v2 as (
    select * from {{ ref('int_assets_joined') }}
),

-- One column per upgrader version that was ever seen, also by records that are gone.
status_by_version as (
    pivot {{ ref('int_upgrade_versions') }}
    on upgrader_version
    using any_value(status)
    group by record_id
),

upgraded_record as (
    select
        last_run.record_id as _id,
        if(record_v2.record_id is null, record_v1.name, record_v2.name) as name,
        if(record_v2.record_id is null, record_v1.project_name, record_v2.project_name)
            as project_name,
        if(record_v2.record_id is null, record_v1.data_level, record_v2.data_level) as data_level,
        last_run.v2_id,
        last_run.upgrader_version,
        last_run.last_modified,
        last_run.status,
        last_run.upgrade_datetime,
        -- 2026-11-20: sqlfluff takes the name that is left out for one that is selected.
        status_by_version.* exclude (record_id) -- noqa: RF02
    from last_run
    left join record_v2 on last_run.v2_id = record_v2.record_id
    left join record_v1 on last_run.record_id = record_v1.record_id
    left join status_by_version on last_run.record_id = status_by_version.record_id
)

-- 2026-11-20: how many columns there are is for the data to say.
select * from upgraded_record -- noqa: AM04

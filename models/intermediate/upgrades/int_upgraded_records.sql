-- Grain: one row per v1 record that the upgrader knows, with its last run.

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

upgraded_record as (
    select
        last_run.record_id,
        if(record_v2.record_id is null, record_v1.name, record_v2.name) as name,
        if(record_v2.record_id is null, record_v1.project_name, record_v2.project_name)
            as project_name,
        if(record_v2.record_id is null, record_v1.data_level, record_v2.data_level) as data_level,
        last_run.v2_id,
        last_run.upgrader_version,
        last_run.last_modified,
        last_run.status,
        last_run.upgrade_datetime
    from last_run
    left join record_v2 on last_run.v2_id = record_v2.record_id
    left join record_v1 on last_run.record_id = record_v1.record_id
)

select * from upgraded_record

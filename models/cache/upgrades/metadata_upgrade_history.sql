-- Grain: one row per v1 record and upgrader version that ran on it.

with version_status as (
    select * from {{ ref('int_upgrade_versions') }}
),

upgraded_record as (
    select * from {{ ref('int_upgraded_records') }}
),

record_version as (
    select
        version_status.record_id as _id,
        upgraded_record.name,
        upgraded_record.project_name,
        upgraded_record.data_level,
        version_status.upgrader_version,
        version_status.status,
        coalesce(
            version_status.upgrader_version = lower(trim(upgraded_record.upgrader_version)), false
        ) as is_last_run
    from version_status
    left join upgraded_record on version_status.record_id = upgraded_record.record_id
)

select * from record_version

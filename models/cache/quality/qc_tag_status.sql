-- Grain: one row per asset of a subject and key of quality_control.status.

with status as (
    select * from {{ ref('stg_docdb__qc_statuses') }}
),

asset as (
    select * from {{ ref('int_assets_joined') }}
    where
        is_current
        and {{ is_partition_value('subject_id') }}
),

tag_status as (
    select
        status.tag,
        status.status,
        asset.name as asset_name,
        asset.subject_id,
        cast(asset.acquisition_start_time as timestamptz) as timestamp
    from status
    inner join asset on status.record_id = asset.record_id
)

select * from tag_status

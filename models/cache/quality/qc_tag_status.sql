-- Grain: one row per asset of a subject and key of quality_control.status.

with status as (
    select * from {{ ref('int_qc_tag_statuses') }}
),

asset as (
    select * from {{ ref('int_assets_joined') }}
    where
        is_current
        and {{ is_partition_value('subject_id') }}
),

joined as (
    select
        status.tag,
        status.status,
        asset.name as asset_name,
        asset.subject_id,
        {{ parse_timestamp('asset.acquisition_start_time') }} as timestamp
    from status
    inner join asset on status.record_id = asset.record_id
)

select * from joined

-- Grain: one row per asset name, modality and stage of its quality-control metrics.

with asset as (
    select
        record_id,
        name
    from {{ ref('int_assets_joined') }}
    where is_current
),

counted as (
    select * from {{ ref('int_qc_counts') }}
),

joined as (
    select
        asset.name,
        counted.modality,
        counted.stage,
        {{ worst_status('counted') }} as status,
        cast(counted.metric_count as integer) as metric_count,
        cast(counted.pass_count as integer) as pass_count,
        cast(counted.fail_count as integer) as fail_count,
        cast(counted.pending_count as integer) as pending_count,
        cast(counted.curation_count as integer) as curation_count,
        cast(counted.allowed_failure_count as integer) as allowed_failure_count,
        counted.last_evaluated_at
    from counted
    inner join asset on counted.record_id = asset.record_id
)

select * from joined

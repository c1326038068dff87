-- Grain: one row per asset name, modality and stage of its quality-control metrics.

with asset as (
    select
        record_id,
        name
    from {{ ref('int_assets_joined') }}
    where is_current
),

counts as (
    select * from {{ ref('int_qc_counts') }}
),

modality_status as (
    select
        asset.name,
        counts.modality,
        counts.stage,
        {{ worst_status('counts') }} as status,
        cast(counts.metric_count as integer) as metric_count,
        cast(counts.pass_count as integer) as pass_count,
        cast(counts.fail_count as integer) as fail_count,
        cast(counts.pending_count as integer) as pending_count,
        cast(counts.curation_count as integer) as curation_count,
        cast(counts.allowed_failure_count as integer) as allowed_failure_count,
        counts.last_evaluated_at
    from counts
    inner join asset on counts.record_id = asset.record_id
)

select * from modality_status

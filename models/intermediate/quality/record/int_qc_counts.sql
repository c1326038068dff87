-- Grain: one row per record, modality and stage of its quality-control metrics; both may be NULL.

with metric as (
    select * from {{ ref('int_qc_metrics_latest') }}
),

counts as (
    select
        record_id,
        modality,
        stage,
        -- Curation metrics hold bulk data instead of a verdict, so they are not counted.
        count(*) filter (where not is_curation) as metric_count,
        count(*) filter (where not is_curation and verdict = 'Pass') as pass_count,
        count(*) filter (where not is_curation and verdict = 'Fail') as fail_count,
        count(*) filter (where not is_curation and verdict = 'Pending') as pending_count,
        count(*) filter (where is_curation) as curation_count,
        count(*) filter (where not is_curation and is_allowed_failure) as allowed_failure_count,
        max(evaluated_at) filter (where not is_curation) as last_evaluated_at
    from metric
    group by all
)

select * from counts

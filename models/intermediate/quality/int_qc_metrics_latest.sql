-- Grain: one row per record and quality-control metric, with the last element of its history.

with metric as (
    select * from {{ ref('stg_docdb__qc_metrics') }}
    where is_usable
),

last_evaluation as (
    select
        record_id,
        metric_position,
        status,
        evaluator,
        evaluation_time,
        invalid_fields
    from {{ ref('stg_docdb__qc_metric_evaluations') }}
    qualify row_number() over (
        partition by record_id, metric_position
        order by position desc
    ) = 1
),

joined as (
    select
        metric.record_id,
        metric.position as metric_index,
        metric.metric_name,
        metric.stage,
        metric.modality,
        metric.value,
        metric.description,
        metric.reference,
        metric.tags_json,
        metric.object_type,
        lower(trim(coalesce(metric.object_type, ''))) = 'curation metric' as is_curation,
        {{ judgement('last_evaluation.status') }} as status,
        last_evaluation.evaluator,
        {{ iso_timestamp('last_evaluation.evaluation_time') }} as evaluated_text,
        {{ parse_timestamp('last_evaluation.evaluation_time') }} as evaluated_at,
        last_evaluation.invalid_fields
    from metric
    left join last_evaluation
        on
            metric.record_id = last_evaluation.record_id
            and metric.position = last_evaluation.metric_position
)

select * from joined

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
        evaluation_time
    from {{ ref('stg_docdb__qc_metric_evaluations') }}
    qualify row_number() over (
        partition by record_id, metric_position
        order by position desc
    ) = 1
),

-- A tag may be allowed by its type and value, or by its value alone.
allowed_failure as (
    select distinct
        tag.record_id,
        tag.metric_position
    from {{ ref('stg_docdb__qc_metric_tags') }} as tag
    inner join {{ ref('stg_docdb__qc_allowed_tags') }} as allowed
        on
            tag.record_id = allowed.record_id
            and (
                tag.tag_value = allowed.tag
                or concat_ws(':', tag.tag_type, tag.tag_value) = allowed.tag
            )
    where tag.tag_value is not null
),

evaluated_metric as (
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
        coalesce(metric.object_type = 'Curation metric', false) as is_curation,
        last_evaluation.status,
        allowed_failure.record_id is not null as may_fail,
        last_evaluation.evaluator,
        last_evaluation.evaluation_time as evaluated_text,
        cast(last_evaluation.evaluation_time as timestamptz) as evaluated_at
    from metric
    left join last_evaluation
        on
            metric.record_id = last_evaluation.record_id
            and metric.position = last_evaluation.metric_position
    left join allowed_failure
        on
            metric.record_id = allowed_failure.record_id
            and metric.position = allowed_failure.metric_position
),

counted_metric as (
    select
        * exclude (may_fail),
        may_fail and coalesce(status, '') = 'Fail' as is_allowed_failure,
        case
            when status = 'Pass' or is_allowed_failure then 'Pass'
            when status = 'Fail' then 'Fail'
            -- A metric without a readable status is pending.
            else 'Pending'
        end as verdict
    from evaluated_metric
)

select * from counted_metric

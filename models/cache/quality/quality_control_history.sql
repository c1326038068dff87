-- Grain: one row per record of a subject, quality-control metric and judgement of it.

with asset as (
    select * from {{ ref('int_assets_joined') }}
    where {{ is_partition_value('subject_id') }}
),

metric as (
    select * from {{ ref('int_qc_metrics_latest') }}
),

evaluation as (
    select
        *,
        position = max(position) over (partition by record_id, metric_position) as is_last
    from {{ ref('stg_docdb__qc_metric_evaluations') }}
),

judgement as (
    select
        asset.name as asset_name,
        asset.record_id as asset_id,
        asset.subject_id,
        cast(metric.metric_index as integer) as metric_index,
        cast(evaluation.position as integer) as judgement_index,
        metric.metric_name as name,
        evaluation.status,
        evaluation.evaluator,
        {{ parse_timestamp('evaluation.evaluation_time') }} as evaluated_at,
        evaluation.is_last,
        metric.is_curation
    from asset
    inner join metric on asset.record_id = metric.record_id
    inner join evaluation
        on
            metric.record_id = evaluation.record_id
            and metric.metric_index = evaluation.metric_position
)

select * from judgement

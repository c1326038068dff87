-- Grain: one row per record of a subject and quality-control metric.

with metric as (
    select * from {{ ref('int_qc_metrics_latest') }}
    -- Curation metrics carry bulk payloads, not a judgement.
    where not is_curation
),

asset as (
    select * from {{ ref('int_assets_joined') }}
    where {{ is_partition_value('subject_id') }}
),

root as (
    select * from {{ ref('int_asset_roots') }}
),

asset_metric as (
    select
        metric.metric_name as name,
        metric.stage,
        metric.modality,
        metric.value,
        {{ parse_number('metric.value') }} as value_number,
        metric.status,
        asset.name as asset_name,
        root.raw_name as raw_asset_name,
        asset.subject_id,
        cast(asset.acquisition_start_time as timestamptz) as timestamp,
        metric.description,
        metric.reference,
        metric.tags_json as tags,
        metric.object_type,
        metric.evaluator as status_evaluator,
        metric.evaluated_text as status_timestamp,
        cast(metric.metric_index as integer) as metric_index,
        asset.record_id as asset_id
    from metric
    inner join asset on metric.record_id = asset.record_id
    left join root on asset.name = root.name
)

select * from asset_metric

-- Grain: one row per record, key of its quality_control.status and modality it speaks for.

with metric as (
    select
        record_id,
        position as metric_position,
        modality
    from {{ ref('stg_docdb__qc_metrics') }}
    where modality is not null
),

tag as (
    select
        record_id,
        metric_position,
        concat_ws(':', tag_type, tag_value) as tag
    from {{ ref('stg_docdb__qc_metric_tags') }}
    where tag_value is not null
),

tag_modality as (
    select
        metric.record_id,
        tag.tag,
        metric.modality
    from metric
    inner join tag
        on
            metric.record_id = tag.record_id
            and metric.metric_position = tag.metric_position
),

modality_itself as (
    select
        record_id,
        modality as tag,
        modality
    from metric
),

key_modality as (
    select * from tag_modality
    union
    select * from modality_itself
)

select * from key_modality

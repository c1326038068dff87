-- Grain: one row per record and metric of the position of a fiber tip.

with tip as (
    select * from {{ ref('stg_docdb__qc_fiber_tips') }}
),

metric as (
    select * from {{ ref('int_qc_metrics_latest') }}
    where not is_curation
),

located_tip as (
    select
        metric.record_id,
        metric.metric_index,
        tip.path,
        replace(regexp_replace(tip.metric_name, '\s+CCF Location$', ''), '_', ' ') as fiber,
        cast(tip.ap as double) as ap,
        cast(tip.ml as double) as ml,
        cast(tip.dv as double) as dv,
        tip.place_json,
        metric.status,
        metric.evaluator,
        metric.evaluated_text,
        metric.reference,
        -- A later metric of the same fiber replaces one before.
        row_number() over (
            partition by metric.record_id, fiber
            order by metric.metric_index desc
        ) = 1 as is_last_of_fiber
    from metric
    inner join tip
        on
            metric.record_id = tip.record_id
            and metric.metric_index = tip.metric_position
)

select * from located_tip

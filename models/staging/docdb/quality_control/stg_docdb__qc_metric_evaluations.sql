-- Grain: one row per record, metric and element of its status history, oldest first.

{%- set fields = {
    'element': 'object or status',
    'evaluation.status': 'judgement',
    'evaluation.evaluator': 'text',
    'evaluation.timestamp': 'time',
} %}

with elements as (
    select
        record_id,
        position as metric_position,
        {{ explode_list(
            fields, 'evaluation', 'status_history_json', "concat(path, '.status_history')"
        ) }} as element
    from {{ ref('stg_docdb__qc_metrics') }}
),

evaluations as (
    select
        record_id,
        metric_position,
        element,
        {{ json_object(fields, 'element', 'evaluation') }} as evaluation
    from elements
)

select
    record_id,
    metric_position,
    element.position,
    {{ read(fields, 'evaluation.status') }} as status,
    {{ read(fields, 'evaluation.evaluator') }} as evaluator,
    {{ read(fields, 'evaluation.timestamp') }} as evaluation_time,
    {{ invalid_fields(fields) }} as invalid_fields
from evaluations

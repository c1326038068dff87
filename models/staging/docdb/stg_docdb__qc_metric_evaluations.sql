-- Grain: one row per record, metric and element of its status history, oldest first.

with exploded as (
    select
        record_id,
        position as metric_position,
        {{ explode(json_struct('status_history_json', ['json']), 'position', 'element') }}
    from {{ ref('stg_docdb__qc_metrics') }}
),

parsed as (
    select
        record_id,
        metric_position,
        position,
        element,
        {{ json_struct('element', {
            'status': 'json',
            'evaluator': 'json',
            'timestamp': 'json'
        }) }} as evaluation
    from exploded
    where {{ json_type('element') }} is not null
),

judged as (
    select
        record_id,
        metric_position,
        position,
        element,
        evaluation,
        {{ invalid_fields({
            'element': ['element', 'object'],
            'status': ['evaluation.status', 'string'],
            'evaluator': ['evaluation.evaluator', 'string'],
            'timestamp': ['evaluation.timestamp', 'string']
        }) }} as invalid_fields
    from parsed
)

select
    record_id,
    metric_position,
    position,
    -- A text in place of the element is its status.
    case
        when {{ json_type('element') }} = 'object'
            then {{ json_main_text('evaluation.status', 'status') }}
        else {{ json_text('element') }}
    end as status,
    {{ json_text('evaluation.evaluator') }} as evaluator,
    {{ json_text('evaluation.timestamp') }} as evaluation_time,
    invalid_fields,
    case when invalid_fields is not null then cast(element as varchar) end as invalid_json
from judged

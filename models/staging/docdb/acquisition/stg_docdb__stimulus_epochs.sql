-- Grain: one row per record and stimulus epoch, of records that name a training stage.

{%- set fields = {
    'element': 'object',
    'epoch.performance_metrics': 'object',
    'performance.output_parameters': 'object',
    'output.task_parameters': 'object',
    'task.stage_in_use': 'list or text',
} %}

with elements as (
    select
        record_id,
        {{ explode_json(
            'stimulus_epochs_json',
            "concat(path, '.stimulus_epochs')",
            ['performance_metrics', 'stimulus_name', 'stimulus_start_time']
        ) }} as element
    from {{ ref('stg_docdb__acquisitions') }}
),

epochs as (
    select
        record_id,
        element,
        {{ json_object(fields, 'element', 'epoch') }} as epoch
    from elements
),

performances as (
    select
        record_id,
        element,
        epoch,
        {{ json_object(fields, 'epoch.performance_metrics', 'performance') }} as performance
    from epochs
),

outputs as (
    select
        record_id,
        element,
        epoch,
        performance,
        {{ json_object(fields, 'performance.output_parameters', 'output') }} as output
    from performances
),

tasks as (
    select
        record_id,
        element,
        epoch,
        performance,
        output,
        {{ json_object(fields, 'output.task_parameters', 'task') }} as task
    from outputs
)

select
    record_id,
    element.position,
    task.path,
    {{ read(fields, 'task.stage_in_use') }} as stage_in_use_json,
    {{ invalid_fields(fields) }} as invalid_fields
from tasks

-- Grain: one row per record and stimulus epoch with performance metrics.

{%- set fields = {
    'performance.trials_total': 'whole number',
    'performance.trials_finished': 'whole number',
    'performance.trials_rewarded': 'whole number',
    'performance.reward_consumed_during_epoch': 'number or text',
    'performance.reward_consumed_unit': 'text',
    'performance.output_parameters': 'object',
    'output.task_parameters': 'object',
    'task.stage_in_use': 'list or text',
} %}

with performances as (
    select
        record_id,
        position,
        {{ json_known_object(fields, 'performance_json', 'performance_path', 'performance') }}
            as performance
    from {{ ref('stg_docdb__stimulus_epochs') }}
    where performance_json is not null
),

outputs as (
    select
        record_id,
        position,
        performance,
        {{ json_object(fields, 'performance.output_parameters', 'output') }} as output
    from performances
),

tasks as (
    select
        record_id,
        position,
        performance,
        output,
        {{ json_object(fields, 'output.task_parameters', 'task') }} as task
    from outputs
)

select
    record_id,
    position,
    {{ read(fields, 'performance.trials_total') }} as trials_total,
    {{ read(fields, 'performance.trials_finished') }} as trials_finished,
    {{ read(fields, 'performance.trials_rewarded') }} as trials_rewarded,
    {{ read(fields, 'performance.reward_consumed_during_epoch') }} as reward_consumed,
    {{ read(fields, 'performance.reward_consumed_unit') }} as reward_unit,
    task.path,
    task.value as task_parameters,
    {{ read(fields, 'task.stage_in_use') }} as stage_in_use_json,
    {{ read_rest(fields, 'output') }} as output_parameters,
    {{ invalid_fields(fields) }} as invalid_fields
from tasks

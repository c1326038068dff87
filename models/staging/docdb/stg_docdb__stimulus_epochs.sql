-- Grain: one row per record and stimulus epoch that names its training stage.

with record as (
    select
        record_id,
        acquisition
    from {{ ref('stg_docdb__records') }}
    -- Few records name a stage, and epochs are large.
    where contains(acquisition, 'stage_in_use')
),

exploded as (
    select
        record_id,
        {{ explode(json_elements('acquisition', 'stimulus_epochs'), 'position', 'element') }}
    from record
),

parsed as (
    select
        record_id,
        position,
        {{ json_struct('element', {
            'performance_metrics': {
                'output_parameters': {'task_parameters': {'stage_in_use': 'json'}}
            }
        }) }} as epoch
    from exploded
),

named as (
    select
        record_id,
        position,
        epoch.performance_metrics.output_parameters.task_parameters.stage_in_use as stage
    from parsed
)

select
    record_id,
    position,
    {{ json_text('stage') }} as stage_in_use
from named
where stage is not null

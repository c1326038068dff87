-- Grain: one row per location of a behavior asset and trainer state found there.

with answer as (
    select
        location,
        key,
        content,
        problem,
        case when {{ json_is_valid('content') }} then content end as readable
    from {{ ref('stg_objects__responses') }}
    where
        kind = 'trainer_states'
        and key is not null
),

parsed as (
    select
        location,
        key,
        content,
        problem,
        readable,
        {{ json_struct('readable', {
            'curriculum': {'name': 'json'},
            'stage': {'name': 'json'}
        }) }} as state
    from answer
),

judged as (
    select
        location,
        key,
        content,
        {{ json_text('state.curriculum.name') }} as curriculum_name,
        {{ json_text('state.stage.name') }} as stage_name,
        case
            when problem is not null then problem
            when readable is null then 'not JSON'
        end as problem
    from parsed
)

select
    location,
    key,
    curriculum_name,
    stage_name,
    problem,
    case when problem is not null then left(content, 200) end as odd_content
from judged

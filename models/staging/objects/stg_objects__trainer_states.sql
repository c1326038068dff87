-- Grain: one row per location of a behavior asset and trainer state found there.

{%- set fields = {
    'file': 'object',
    'state.curriculum': 'object or name',
    'state.stage': 'object of name',
    'curriculum.name': 'text',
    'curriculum.graph': 'object',
    'graph.nodes': 'object',
} %}

with files as (
    select
        location,
        key,
        {{ json_slot('content_json', "concat(key, ' $')") }} as file
    from {{ ref('stg_objects__responses') }}
    where
        kind = 'trainer_states'
        and key is not null
),

states as (
    select
        location,
        key,
        file,
        {{ json_object(fields, 'file', 'state') }} as state
    from files
),

curricula as (
    select
        location,
        key,
        file,
        state,
        {{ json_object(fields, 'state.curriculum', 'curriculum') }} as curriculum
    from states
),

graphs as (
    select
        location,
        key,
        file,
        state,
        curriculum,
        {{ json_object(fields, 'curriculum.graph', 'graph') }} as graph
    from curricula
)

select
    location,
    key,
    {{ read(fields, 'curriculum.name') }} as curriculum_name,
    {{ read(fields, 'state.stage') }} as stage_name,
    {{ read(fields, 'graph.nodes') }} as nodes_json,
    concat(graph.path, '.nodes') as nodes_path,
    {{ invalid_fields(fields) }} as invalid_fields
from graphs

-- Grain: one row per trainer state and node of its curriculum.

with answer as (
    select
        location,
        key,
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
        {{ json_struct('readable', {'curriculum': {'graph': {'nodes': {'*': 'json'}}}}) }} as state
    from answer
),

exploded as (
    select
        location,
        key,
        {{ explode_map('state.curriculum.graph.nodes', 'position', 'node_key', 'node_json') }}
    from parsed
),

named as (
    select
        location,
        key,
        position,
        node_key,
        {{ json_struct('node_json', {'name': 'json'}) }} as node
    from exploded
)

select
    location,
    key,
    position,
    node_key,
    {{ json_text('node.name') }} as node_name
from named

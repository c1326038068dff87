-- Grain: one row per trainer state and node of its curriculum.

{%- set fields = {'node': 'object of name'} %}

with nodes as (
    select
        location,
        key,
        {{ explode_json('nodes_json', 'nodes_path') }} as node
    from {{ ref('stg_objects__trainer_states') }}
)

select
    location,
    key,
    node.position,
    node.key as node_key,
    {{ read(fields, 'node') }} as node_name,
    {{ invalid_fields(fields) }} as invalid_fields
from nodes

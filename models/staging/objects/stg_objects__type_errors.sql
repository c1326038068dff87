-- Grain: one row per value of an object of another shape than staging expects.

{%- set entities = ['raw_links', 'trainer_states', 'trainer_nodes'] %}

with errors as (
    {%- for entity in entities %}
    select
        location,
        'objects__{{ entity }}' as entity,
        {{ explode('invalid_fields', 'position', 'error') }}
    from {{ ref('stg_objects__' ~ entity) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    location,
    entity,
    error.field,
    error.path,
    error.problem,
    error.value
from errors

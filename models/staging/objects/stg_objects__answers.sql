{{ config(materialized = 'view') }}

{% set kinds = ['channels', 'neuroglancer', 'exaspim', 'trainer_states'] %}

-- Grain: one row per kind of question, location and object found, of the newest answer; one without
-- a key where nothing was found.
-- A view: trainer states are large, and stay in the lake until a model reads them.

-- Two readings of the lake: of one that is used twice DuckDB would keep a copy in memory.
with asked as (
    {%- for kind in kinds %}
    select
        '{{ kind }}' as kind,
        location,
        asked_at
    from {{ source('objects', 'objects_' ~ kind) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

newest as (
    select
        kind,
        location,
        max(asked_at) as asked_at
    from asked
    group by
        kind,
        location
),

answer as (
    {%- for kind in kinds %}
    select
        '{{ kind }}' as kind,
        location,
        key,
        content,
        problem,
        asked_at
    from {{ source('objects', 'objects_' ~ kind) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    answer.kind,
    answer.location,
    answer.key,
    answer.content,
    answer.problem
from answer
inner join newest
    on
        answer.kind = newest.kind
        and answer.location = newest.location
        and answer.asked_at = newest.asked_at

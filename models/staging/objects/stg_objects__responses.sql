{{ config(materialized = 'view') }}

-- Grain: one row per kind of question, location and object found, of the newest answer; one without
-- a key where nothing was found.
-- A view: trainer states are large, and stay in the lake until a model reads them.

{% set kinds = ['channels', 'neuroglancer', 'exaspim', 'trainer_states'] %}

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

ranked as (
    select
        kind,
        location,
        asked_at,
        row_number() over (
            partition by kind, location
            order by asked_at desc nulls last
        ) as answer_rank
    from asked
),

newest as (
    select
        kind,
        location,
        asked_at
    from ranked
    where answer_rank = 1
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

{{ config(materialized = 'view') }}

-- Grain: one row per kind of question, location and object found, of the newest response; one
-- without a key where nothing was found.
-- A view: trainer states are large, and stay in the lake until a model reads them.

{% set kinds = ['channels', 'neuroglancer', 'exaspim', 'exaspim_folders', 'trainer_states'] %}

-- The lake is read twice: DuckDB would keep a CTE that is used twice in memory.
with question as (
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

ranked_question as (
    select
        kind,
        location,
        asked_at,
        row_number() over (
            partition by kind, location
            order by asked_at desc nulls last
        ) as response_rank
    from question
),

newest_response as (
    select
        kind,
        location,
        asked_at
    from ranked_question
    where response_rank = 1
),

response as (
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
    response.kind,
    response.location,
    response.key,
    response.content,
    {{ json_content('response.content') }} as content_json,
    coalesce(
        response.problem,
        case when not {{ json_is_valid('response.content') }} then 'not JSON' end
    ) as problem
from response
inner join newest_response
    on
        response.kind = newest_response.kind
        and response.location = newest_response.location
        and response.asked_at = newest_response.asked_at

-- Grain: one row per location of a raw asset with a neuroglancer configuration.

with answer as (
    select
        location,
        key,
        content,
        problem,
        case when {{ json_is_valid('content') }} then content end as readable
    from {{ ref('stg_objects__responses') }}
    where
        kind = 'neuroglancer'
        and key is not null
),

parsed as (
    select
        location,
        key,
        content,
        problem,
        readable,
        {{ json_struct('readable', {'ng_link': 'json'}) }} as configuration
    from answer
),

judged as (
    select
        location,
        key,
        content,
        {{ json_text('configuration.ng_link') }} as raw_link,
        case
            when problem is not null then problem
            when readable is null then 'not JSON'
            when {{ json_text('configuration.ng_link') }} is null then 'no link'
        end as problem
    from parsed
)

select
    location,
    key,
    raw_link,
    problem,
    case when problem is not null then left(content, 200) end as odd_content
from judged

-- Grain: one row per live v1 record, in its newest version.

with version as (
    select
        _id,
        name,
        location,
        data_description,
        run,
        position,
        is_deleted
    from {{ source('docdb_v1', 'docdb_v1') }}
),

ranked as (
    select
        _id,
        name,
        location,
        data_description,
        is_deleted,
        row_number() over (
            partition by _id
            order by
                run desc nulls last,
                position desc nulls last
        ) as version_rank
    from version
),

parsed as (
    select
        _id,
        name,
        location,
        {{ json_struct('data_description', {
            'project_name': 'json',
            'data_level': 'json'
        }) }} as description
    from ranked
    where
        version_rank = 1
        and not is_deleted
)

select
    _id as record_id,
    name,
    location,
    {{ json_text('description.project_name') }} as project_name,
    {{ json_text('description.data_level') }} as data_level
from parsed

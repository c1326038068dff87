-- Grain: one row per object, or value in it, that a table cannot hold.

with asset as (
    select
        record_id,
        location
    from {{ ref('int_assets_joined') }}
    where is_current
),

unreadable_object as (
    select
        asset.record_id,
        if(response.kind = 'neuroglancer', 'platform_smartspim', 'behavior_curriculum')
            as table_name,
        if(response.kind = 'neuroglancer', 'raw_link', 'curriculum_name') as column_name,
        response.key as path,
        response.problem,
        response.content as value
    from {{ ref('stg_objects__responses') }} as response
    inner join asset on response.location = asset.location
    where
        response.key is not null
        and response.problem is not null
        and response.kind in ('neuroglancer', 'trainer_states')
),

type_error as (
    select
        asset.record_id,
        published_field.table_name,
        published_field.column_name,
        error.path,
        error.problem,
        error.value
    from {{ ref('stg_objects__type_errors') }} as error
    inner join {{ ref('published_fields') }} as published_field
        on
            error.entity = published_field.entity
            and error.field = published_field.field
    inner join asset on error.location = asset.location
),

-- A configuration that is readable and valid, but has no link.
missing_link as (
    select
        asset.record_id,
        'platform_smartspim' as table_name,
        'raw_link' as column_name,
        link.key as path,
        'no link' as problem,
        link.file_json as value
    from {{ ref('stg_objects__raw_links') }} as link
    inner join asset on link.location = asset.location
    where
        link.file_json is not null
        and link.raw_link is null
        and link.invalid_fields is null
),

excluded_object as (
    select * from unreadable_object
    union all
    select * from type_error
    union all
    select * from missing_link
)

select * from excluded_object

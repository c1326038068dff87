-- Grain: one row per v1 record, with what identifies it.

{%- set fields = {
    'name': 'text',
    'location': 'text',
    '_last_modified': 'time',
    'section': 'object',
    'description.project_name': 'text',
    'description.data_level': 'data level',
} %}

-- Identity fields that are not text stay in the rest of the document.
with records as (
    select
        record_id,
        name,
        location,
        last_modified,
        data_description,
        {{ json_struct('extra_json', {
            'name': 'json',
            'location': 'json',
            '_last_modified': 'json'
        }) }} as extra
    from {{ ref('stg_docdb_v1__records') }}
),

identities as (
    select
        record_id,
        {{ json_slot(json_or_text('extra.name', 'name'), "'name'") }} as name,
        {{ json_slot(json_or_text('extra.location', 'location'), "'location'") }} as location,
        {{ json_slot(json_or_text('extra._last_modified', 'last_modified'), "'_last_modified'") }}
            as _last_modified,
        {{ json_slot('data_description', "'data_description'") }} as section
    from records
),

descriptions as (
    select
        record_id,
        name,
        location,
        _last_modified,
        section,
        {{ json_object(fields, 'section', 'description') }} as description
    from identities
)

select
    record_id,
    {{ read(fields, 'name') }} as name,
    {{ read(fields, 'location') }} as location,
    {{ read(fields, '_last_modified') }} as last_modified,
    {{ read(fields, 'description.project_name') }} as project_name,
    {{ read(fields, 'description.data_level') }} as data_level,
    {{ invalid_fields(fields) }} as invalid_fields
from descriptions

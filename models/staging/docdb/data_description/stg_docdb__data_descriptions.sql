-- Grain: one row per record with a data_description section.

{%- set fields = {
    'section': 'object',
    'description.name': 'text',
    'description.subject_id': 'text',
    'description.project_name': 'text',
    'description.data_level': 'data level',
    'description.institution': 'object of abbreviation',
    'description.modalities': 'list',
    'description.investigators': 'list',
    'description.source_data': 'list',
    'description.funding_source': 'list',
} %}

with sections as (
    select
        record_id,
        {{ json_slot('data_description', "'data_description'") }} as section
    from {{ ref('stg_docdb__records') }}
    where not {{ json_is_null('data_description') }}
),

descriptions as (
    select
        record_id,
        section,
        {{ json_object(fields, 'section', 'description') }} as description
    from sections
)

select
    record_id,
    description.path,
    {{ read(fields, 'description.name') }} as description_name,
    {{ read(fields, 'description.subject_id') }} as subject_id,
    {{ read(fields, 'description.project_name') }} as project_name,
    {{ read(fields, 'description.data_level') }} as data_level,
    {{ read(fields, 'description.institution') }} as institution_abbreviation,
    {{ read(fields, 'description.modalities') }} as modalities_json,
    {{ read(fields, 'description.investigators') }} as investigators_json,
    {{ read(fields, 'description.source_data') }} as source_data_json,
    {{ read(fields, 'description.funding_source') }} as funding_source_json,
    {{ invalid_fields(fields) }} as invalid_fields
from descriptions

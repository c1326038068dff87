-- Grain: one row per record with a data_description section.

with parsed as (
    select
        record_id,
        data_description as section,
        {{ json_struct('data_description', {
            'name': 'json',
            'subject_id': 'json',
            'project_name': 'json',
            'data_level': 'json',
            'institution': 'json',
            'modalities': 'json',
            'investigators': 'json',
            'source_data': 'json'
        }) }} as description
    from {{ ref('stg_docdb__records') }}
    where {{ json_type('data_description') }} = 'object'
),

judged as (
    select
        record_id,
        section,
        description,
        {{ invalid_fields({
            'name': ['description.name', 'string'],
            'subject_id': ['description.subject_id', 'string'],
            'project_name': ['description.project_name', 'string'],
            'data_level': ['description.data_level', 'string'],
            'modalities': ['description.modalities', 'array'],
            'investigators': ['description.investigators', 'array'],
            'source_data': ['description.source_data', 'array']
        }) }} as invalid_fields
    from parsed
)

select
    record_id,
    {{ json_text('description.name') }} as description_name,
    {{ json_text('description.subject_id') }} as subject_id,
    {{ json_text('description.project_name') }} as project_name,
    {{ json_text('description.data_level') }} as data_level,
    {{ json_struct('description.institution', {'abbreviation': 'text'}) }}.abbreviation
        as institution_abbreviation,
    invalid_fields,
    case when invalid_fields is not null then section end as invalid_json
from judged

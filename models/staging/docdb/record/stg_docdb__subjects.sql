-- Grain: one row per record with a subject section.

{%- set fields = {
    'section': 'object or subject_id',
    'subject.subject_id': 'text',
    'subject.subject_details': 'object',
    'details.genotype': 'text',
    'details.date_of_birth': 'date',
    'details.year_of_birth': 'birth year',
} %}

with sections as (
    select
        record_id,
        {{ json_slot('subject', "'subject'") }} as section
    from {{ ref('stg_docdb__records') }}
    where {{ json_type('subject') }} is not null
),

subjects as (
    select
        record_id,
        section,
        {{ json_object(fields, 'section', 'subject') }} as subject
    from sections
),

subject_details as (
    select
        record_id,
        section,
        subject,
        {{ json_object(fields, 'subject.subject_details', 'details') }} as details
    from subjects
)

select
    record_id,
    {{ read(fields, 'subject.subject_id') }} as subject_id,
    {{ read(fields, 'details.genotype') }} as genotype,
    {{ read(fields, 'details.date_of_birth') }} as date_of_birth,
    {{ read(fields, 'details.year_of_birth') }} as year_of_birth,
    {{ invalid_fields(fields) }} as invalid_fields
from subject_details

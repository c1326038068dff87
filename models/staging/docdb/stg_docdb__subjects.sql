-- Grain: one row per record with a subject section.

with record as (
    select
        record_id,
        subject as section,
        {{ json_struct('subject', {'subject_id': 'json', 'subject_details': 'json'}) }} as subject
    from {{ ref('stg_docdb__records') }}
    where {{ json_type('subject') }} = 'object'
),

parsed as (
    select
        record_id,
        section,
        subject,
        {{ json_struct('subject.subject_details', {
            'genotype': 'json',
            'date_of_birth': 'json',
            'year_of_birth': 'json'
        }) }} as details
    from record
),

judged as (
    select
        record_id,
        section,
        subject,
        details,
        {{ invalid_fields({
            'subject_id': ['subject.subject_id', 'string'],
            'subject_details': ['subject.subject_details', 'object'],
            'subject_details.genotype': ['details.genotype', 'string'],
            'subject_details.date_of_birth': ['details.date_of_birth', 'string'],
            'subject_details.year_of_birth': ['details.year_of_birth', 'integer']
        }) }} as invalid_fields
    from parsed
)

select
    record_id,
    {{ json_text('subject.subject_id') }} as subject_id,
    {{ json_text('details.genotype') }} as genotype,
    {{ json_text('details.date_of_birth') }} as date_of_birth,
    {{ json_text('details.year_of_birth') }} as year_of_birth,
    invalid_fields,
    case when invalid_fields is not null then section end as invalid_json
from judged

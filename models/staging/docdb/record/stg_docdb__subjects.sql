-- Grain: one row per record with a subject section.

{%- set fields = {
    'section': 'object or subject_id',
    'subject.subject_id': 'text',
    'subject.subject_details': 'object',
    'details.species': 'object of name',
    'details.sex': 'text',
    'details.genotype': 'text',
    'details.strain': 'object of name',
    'details.alleles': 'list',
    'details.source': 'object of name',
    'details.rrid': 'object or registry_identifier',
    'details.housing': 'object',
    'details.date_of_birth': 'date',
    'details.year_of_birth': 'birth year',
    'rrid.registry_identifier': 'text',
    'rrid.name': 'text',
} %}

with sections as (
    select
        record_id,
        {{ json_slot('subject', "'subject'") }} as section
    from {{ ref('stg_docdb__records') }}
    where not {{ json_is_null('subject') }}
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
),

suppliers as (
    select
        record_id,
        section,
        subject,
        details,
        {{ json_object(fields, 'details.rrid', 'rrid') }} as rrid,
        {{ json_object(fields, 'details.housing', 'housing') }} as housing
    from subject_details
)

select
    record_id,
    details.path as details_path,
    {{ read(fields, 'subject.subject_id') }} as subject_id,
    {{ read(fields, 'details.species') }} as species,
    {{ read(fields, 'details.sex') }} as sex,
    {{ read(fields, 'details.genotype') }} as genotype,
    {{ read(fields, 'details.strain') }} as strain,
    {{ read(fields, 'details.alleles') }} as alleles_json,
    {{ read(fields, 'details.source') }} as source,
    coalesce(
        {{ read(fields, 'rrid.registry_identifier') }}, {{ read(fields, 'rrid.name') }}
    ) as rrid,
    housing.value as housing_json,
    {{ read(fields, 'details.date_of_birth') }} as date_of_birth,
    {{ read(fields, 'details.year_of_birth') }} as year_of_birth,
    {{ invalid_fields(fields) }} as invalid_fields
from suppliers

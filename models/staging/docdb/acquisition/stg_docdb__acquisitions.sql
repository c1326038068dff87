-- Grain: one row per record with an acquisition section.

{%- set fields = {
    'section': 'object',
    'acquisition.subject_id': 'text',
    'acquisition.acquisition_start_time': 'time',
    'acquisition.acquisition_end_time': 'time',
    'acquisition.acquisition_type': 'text',
    'acquisition.instrument_id': 'text',
    'acquisition.experimenters': 'list',
    'acquisition.data_streams': 'list',
    'acquisition.stimulus_epochs': 'list',
    'acquisition.protocol_id': 'list',
    'acquisition.ethics_review_id': 'list',
    'acquisition.notes': 'text',
    'acquisition.subject_details': 'object',
    'details.date_of_birth': 'date',
    'details.year_of_birth': 'birth year',
} %}

with sections as (
    select
        record_id,
        {{ json_slot('acquisition', "'acquisition'") }} as section
    from {{ ref('stg_docdb__records') }}
    where not {{ json_is_null('acquisition') }}
),

acquisitions as (
    select
        record_id,
        section,
        {{ json_object(fields, 'section', 'acquisition') }} as acquisition
    from sections
),

subject_details as (
    select
        record_id,
        section,
        acquisition,
        {{ json_object(fields, 'acquisition.subject_details', 'details') }} as details
    from acquisitions
)

select
    record_id,
    acquisition.path,
    {{ read(fields, 'acquisition.subject_id') }} as subject_id,
    {{ read(fields, 'acquisition.acquisition_start_time') }} as acquisition_start_time,
    {{ read(fields, 'acquisition.acquisition_end_time') }} as acquisition_end_time,
    {{ read(fields, 'acquisition.acquisition_type') }} as acquisition_type,
    {{ read(fields, 'acquisition.instrument_id') }} as instrument_id,
    {{ read(fields, 'details.date_of_birth') }} as date_of_birth,
    {{ read(fields, 'details.year_of_birth') }} as year_of_birth,
    {{ read(fields, 'acquisition.experimenters') }} as experimenters_json,
    {{ read(fields, 'acquisition.data_streams') }} as data_streams_json,
    {{ read(fields, 'acquisition.stimulus_epochs') }} as stimulus_epochs_json,
    {{ read(fields, 'acquisition.protocol_id') }} as protocol_ids_json,
    {{ read(fields, 'acquisition.ethics_review_id') }} as ethics_review_ids_json,
    {{ read(fields, 'acquisition.notes') }} as notes,
    details.path as details_path,
    details.value as details_json,
    {{ invalid_fields(fields) }} as invalid_fields
from subject_details

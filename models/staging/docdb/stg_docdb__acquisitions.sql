-- Grain: one row per record with an acquisition section.

with record as (
    select
        record_id,
        acquisition as section,
        {{ json_struct('acquisition', {
            'acquisition_start_time': 'json',
            'acquisition_end_time': 'json',
            'acquisition_type': 'json',
            'instrument_id': 'json',
            'subject_id': 'json',
            'subject_details': 'json',
            'experimenters': 'json',
            'data_streams': 'json',
            'stimulus_epochs': 'json'
        }) }} as acquisition
    from {{ ref('stg_docdb__records') }}
    where {{ json_type('acquisition') }} = 'object'
),

parsed as (
    select
        record_id,
        section,
        acquisition,
        {{ json_struct('acquisition.subject_details', {
            'date_of_birth': 'json',
            'year_of_birth': 'json'
        }) }} as details
    from record
),

judged as (
    select
        record_id,
        section,
        acquisition,
        details,
        {{ invalid_fields({
            'acquisition_start_time': ['acquisition.acquisition_start_time', 'string'],
            'acquisition_end_time': ['acquisition.acquisition_end_time', 'string'],
            'acquisition_type': ['acquisition.acquisition_type', 'string'],
            'instrument_id': ['acquisition.instrument_id', 'string'],
            'subject_id': ['acquisition.subject_id', 'string'],
            'experimenters': ['acquisition.experimenters', 'array'],
            'data_streams': ['acquisition.data_streams', 'array'],
            'stimulus_epochs': ['acquisition.stimulus_epochs', 'array'],
            'subject_details.date_of_birth': ['details.date_of_birth', 'string'],
            'subject_details.year_of_birth': ['details.year_of_birth', 'integer']
        }) }} as invalid_fields
    from parsed
)

select
    record_id,
    {{ json_text('acquisition.acquisition_start_time') }} as acquisition_start_time,
    {{ json_text('acquisition.acquisition_end_time') }} as acquisition_end_time,
    {{ json_text('acquisition.acquisition_type') }} as acquisition_type,
    {{ json_text('acquisition.instrument_id') }} as instrument_id,
    {{ json_text('acquisition.subject_id') }} as subject_id,
    {{ json_text('details.date_of_birth') }} as date_of_birth,
    {{ json_text('details.year_of_birth') }} as year_of_birth,
    invalid_fields,
    case when invalid_fields is not null then section end as invalid_json
from judged

-- Grain: one row per record; the kind of JSON value that each of its sections is.

with parsed as (
    select
        record_id,
        subject,
        data_description,
        procedures,
        instrument,
        acquisition,
        processing,
        quality_control,
        other_identifiers,
        -- What these hold has rows of its own, but not if they are of another kind.
        {{ json_struct('quality_control', {'status': 'json'}) }}.status as qc_status,
        {{ json_struct('quality_control', {'metrics': 'json'}) }}.metrics as qc_metrics,
        {{ json_struct('quality_control', {'allow_tag_failures': 'json'}) }}.allow_tag_failures
            as qc_allowed_tags,
        {{ json_struct('procedures', {'subject_procedures': 'json'}) }}.subject_procedures
            as subject_procedures
    from {{ ref('stg_docdb__records') }}
),

judged as (
    select
        record_id,
        {{ json_type('subject') }} as subject_kind,
        {{ json_type('data_description') }} as data_description_kind,
        {{ json_type('procedures') }} as procedures_kind,
        {{ json_type('instrument') }} as instrument_kind,
        {{ json_type('acquisition') }} as acquisition_kind,
        {{ json_type('processing') }} as processing_kind,
        {{ json_type('quality_control') }} as quality_control_kind,
        {{ invalid_fields({
            'subject': ['subject', 'object'],
            'data_description': ['data_description', 'object'],
            'procedures': ['procedures', 'object'],
            'procedures.subject_procedures': ['subject_procedures', 'array'],
            'acquisition': ['acquisition', 'object'],
            'processing': ['processing', 'object'],
            'quality_control': ['quality_control', 'object'],
            'quality_control.status': ['qc_status', 'object'],
            'quality_control.metrics': ['qc_metrics', 'array'],
            'quality_control.allow_tag_failures': ['qc_allowed_tags', 'array'],
            'other_identifiers': ['other_identifiers', 'object']
        }) }} as invalid_fields,
        subject,
        data_description,
        procedures,
        acquisition,
        processing,
        quality_control,
        other_identifiers
    from parsed
)

select
    record_id,
    subject_kind,
    data_description_kind,
    procedures_kind,
    instrument_kind,
    acquisition_kind,
    processing_kind,
    quality_control_kind,
    invalid_fields,
    case
        when invalid_fields is not null
            then concat(
                '{"subject":', coalesce(subject, 'null'),
                ',"data_description":', coalesce(data_description, 'null'),
                ',"procedures":', coalesce(procedures, 'null'),
                ',"acquisition":', coalesce(acquisition, 'null'),
                ',"processing":', coalesce(processing, 'null'),
                ',"quality_control":', coalesce(quality_control, 'null'),
                ',"other_identifiers":', coalesce(other_identifiers, 'null'), '}'
            )
    end as invalid_json
from judged

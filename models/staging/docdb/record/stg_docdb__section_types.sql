-- Grain: one row per record; the kind of JSON value that each of its sections is.

select
    record_id,
    {{ json_type('subject') }} as subject_kind,
    {{ json_type('data_description') }} as data_description_kind,
    {{ json_type('procedures') }} as procedures_kind,
    {{ json_type('instrument') }} as instrument_kind,
    {{ json_type('acquisition') }} as acquisition_kind,
    {{ json_type('processing') }} as processing_kind,
    -- A list stands for the object in it.
    coalesce(
        {{ json_type(json_object_text('quality_control')) }},
        {{ json_type('quality_control') }}
    ) as quality_control_kind
from {{ ref('stg_docdb__records') }}

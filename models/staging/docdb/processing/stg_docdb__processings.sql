-- Grain: one row per record with a processing section.

{%- set fields = {
    'section': 'object',
    'processing.data_processes': 'list',
    'processing.pipelines': 'list',
} %}

with sections as (
    select
        record_id,
        {{ json_slot('processing', "'processing'") }} as section
    from {{ ref('stg_docdb__records') }}
    where not {{ json_is_null('processing') }}
),

processings as (
    select
        record_id,
        section,
        {{ json_object(fields, 'section', 'processing') }} as processing
    from sections
)

select
    record_id,
    processing.path,
    {{ read(fields, 'processing.data_processes') }} as data_processes_json,
    {{ read(fields, 'processing.pipelines') }} as pipelines_json,
    {{ invalid_fields(fields) }} as invalid_fields
from processings

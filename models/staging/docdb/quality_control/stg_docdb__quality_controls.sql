-- Grain: one row per record with a quality_control section.

{%- set fields = {
    'section': 'object',
    'quality_control.metrics': 'list',
    'quality_control.status': 'object',
    'quality_control.allow_tag_failures': 'list',
} %}

with sections as (
    select
        record_id,
        {{ json_slot('quality_control', "'quality_control'") }} as section
    from {{ ref('stg_docdb__records') }}
    where not {{ json_is_null('quality_control') }}
),

quality_controls as (
    select
        record_id,
        section,
        {{ json_object(fields, 'section', 'quality_control') }} as quality_control
    from sections
),

statuses as (
    select
        record_id,
        section,
        quality_control,
        {{ json_object(fields, 'quality_control.status', 'status') }} as status
    from quality_controls
)

select
    record_id,
    quality_control.path,
    {{ read(fields, 'quality_control.metrics') }} as metrics_json,
    {{ read(fields, 'quality_control.allow_tag_failures') }} as allow_tag_failures_json,
    status.value as statuses_json,
    status.path as statuses_path,
    {{ invalid_fields(fields) }} as invalid_fields
from statuses

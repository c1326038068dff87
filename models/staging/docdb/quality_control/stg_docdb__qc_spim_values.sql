-- Grain: one row per record and metric by which light-sheet imaging is judged.

{%- set fields = {'content.value': 'any'} %}

with metrics as (
    select
        record_id,
        position,
        value,
        {{ json_known_object(
            fields, json_content('value'), "concat(path, '.value')", 'content'
        ) }} as content
    from {{ ref('stg_docdb__qc_metrics') }}
    where
        trim(metric_name) in (
            'Image and tissue quality',
            'Tissue perfusion',
            'Flatfield correction',
            'Image destriping',
            'Image stitching'
        )
        or trim(metric_name) like '%_ brightness'
)

select
    record_id,
    position as metric_position,
    case
        when {{ json_is('content.value', 'object') }} then {{ read(fields, 'content.value') }}
        else value
    end as value,
    {{ invalid_fields(fields) }} as invalid_fields
from metrics

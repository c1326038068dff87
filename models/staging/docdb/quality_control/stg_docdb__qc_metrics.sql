-- Grain: one row per record and quality-control metric, in the order of the record.

{%- set fields = {
    'element': 'object',
    'metric.name': 'text',
    'metric.stage': 'text',
    'metric.modality': 'text or abbreviation',
    'metric.value': 'any',
    'metric.status_history': 'list',
    'metric.description': 'text',
    'metric.reference': 'text',
    'metric.tags': 'list or object',
    'metric.object_type': 'object type',
} %}

with elements as (
    select
        record_id,
        {{ explode_list(fields, 'metric', 'metrics_json', "concat(path, '.metrics')") }} as element
    from {{ ref('stg_docdb__quality_controls') }}
),

metrics as (
    select
        record_id,
        element,
        {{ json_object(fields, 'element', 'metric') }} as metric
    from elements
)

select
    record_id,
    element.position,
    metric.path,
    metric.value is not null as is_usable,
    {{ read(fields, 'metric.name') }} as metric_name,
    {{ read(fields, 'metric.stage') }} as stage,
    {{ read(fields, 'metric.modality') }} as modality,
    {{ read(fields, 'metric.value') }} as value,
    {{ read(fields, 'metric.description') }} as description,
    {{ read(fields, 'metric.reference') }} as reference,
    {{ read(fields, 'metric.object_type') }} as object_type,
    {{ read(fields, 'metric.tags') }} as tags_json,
    {{ read(fields, 'metric.status_history') }} as status_history_json,
    {{ invalid_fields(fields) }} as invalid_fields
from metrics

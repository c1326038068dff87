-- Grain: one row per record and quality-control metric, in the order of the record.

with exploded as (
    select
        record_id,
        {{ explode(
            json_elements(
                'quality_control',
                'metrics',
                ['name', 'stage', 'modality', 'value', 'status_history']
            ),
            'position',
            'element'
        ) }}
    from {{ ref('stg_docdb__records') }}
),

parsed as (
    select
        record_id,
        position,
        element,
        {{ json_struct('element', {
            'name': 'json',
            'stage': 'json',
            'modality': 'json',
            'value': 'json',
            'status_history': 'json',
            'description': 'json',
            'reference': 'json',
            'tags': 'json',
            'object_type': 'json'
        }) }} as metric
    from exploded
    where {{ json_type('element') }} is not null
),

judged as (
    select
        record_id,
        position,
        element,
        metric,
        {{ invalid_fields({
            'element': ['element', 'object'],
            'name': ['metric.name', 'string'],
            'stage': ['metric.stage', 'string'],
            'modality': ['metric.modality', 'object', 'string'],
            'status_history': ['metric.status_history', 'array'],
            'description': ['metric.description', 'string'],
            'reference': ['metric.reference', 'string'],
            'tags': ['metric.tags', 'object', 'array'],
            'object_type': ['metric.object_type', 'string']
        }) }} as invalid_fields
    from parsed
)

select
    record_id,
    position,
    {{ json_type('element') }} = 'object' as is_usable,
    {{ json_text('metric.name') }} as metric_name,
    {{ json_text('metric.stage') }} as stage,
    {{ json_main_text('metric.modality', 'abbreviation') }} as modality,
    case
        when {{ json_type('metric.value') }} = 'string' then {{ json_text('metric.value') }}
        else cast(metric.value as varchar)
    end as value,
    {{ json_text('metric.description') }} as description,
    {{ json_text('metric.reference') }} as reference,
    {{ json_text('metric.object_type') }} as object_type,
    cast(metric.tags as varchar) as tags_json,
    case
        when {{ json_type('metric.status_history') }} = 'array'
            then cast(metric.status_history as varchar)
        when metric.status_history is not null then concat('[', metric.status_history, ']')
    end as status_history_json,
    invalid_fields,
    case when invalid_fields is not null then cast(element as varchar) end as invalid_json
from judged

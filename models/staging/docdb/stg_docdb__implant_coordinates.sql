-- Grain: one row per record, implanted probe, translation and number in it.

with step as (
    select
        record_id,
        surgery_position,
        position as implant_position,
        {{ explode(json_struct('transform_json', ['json']), 'step_position', 'step_json') }}
    from {{ ref('stg_docdb__implants') }}
),

translation as (
    select
        record_id,
        surgery_position,
        implant_position,
        step_position,
        step_json,
        coalesce(
            {{ json_struct('step_json', {'reference_coordinate_system': 'text'}) }}
            .reference_coordinate_system = 'local',
            false
        ) as is_local
    from step
    where {{ json_struct('step_json', {'object_type': 'text'}) }}.object_type = 'Translation'
),

exploded as (
    select
        record_id,
        surgery_position,
        implant_position,
        step_position,
        is_local,
        {{ explode(json_elements('step_json', 'translation'), 'position', 'element') }}
    from translation
),

judged as (
    select
        record_id,
        surgery_position,
        implant_position,
        step_position,
        is_local,
        position,
        element,
        {{ invalid_fields({'element': ['element', 'integer', 'decimal']}) }} as invalid_fields
    from exploded
)

select
    record_id,
    surgery_position,
    implant_position,
    step_position,
    is_local,
    position,
    -- Numbers may be written as texts.
    {{ json_text('element') }} as coordinate,
    invalid_fields,
    case when invalid_fields is not null then cast(element as varchar) end as invalid_json
from judged

-- Grain: one row per record, injection and one of its volumes or currents.

{%- set fields = {
    'element': 'object',
    'dynamics.object_type': 'known',
    'dynamics.profile': 'known',
    'dynamics.volume': 'number or text',
    'dynamics.volume_unit': 'text',
    'dynamics.rate': 'number or text',
    'dynamics.rate_unit': 'text',
    'dynamics.duration': 'number or text',
    'dynamics.duration_unit': 'text',
    'dynamics.injection_current': 'number or text',
    'dynamics.injection_current_unit': 'text',
} %}

with elements as (
    select
        record_id,
        surgery_position,
        position as injection_position,
        {{ explode_list(fields, 'dynamics', 'dynamics_json', "concat(path, '.dynamics')") }}
            as element
    from {{ ref('stg_docdb__injections') }}
),

injection_dynamics as (
    select
        record_id,
        surgery_position,
        injection_position,
        element,
        {{ json_object(fields, 'element', 'dynamics') }} as dynamics
    from elements
)

select
    record_id,
    surgery_position,
    injection_position,
    element.position,
    dynamics.value is not null as is_usable,
    {{ read(fields, 'dynamics.volume') }} as volume,
    {{ read(fields, 'dynamics.volume_unit') }} as volume_unit,
    {{ read(fields, 'dynamics.rate') }} as injection_rate,
    {{ read(fields, 'dynamics.rate_unit') }} as injection_rate_unit,
    {{ read(fields, 'dynamics.duration') }} as injection_duration,
    {{ read(fields, 'dynamics.duration_unit') }} as injection_duration_unit,
    {{ read(fields, 'dynamics.injection_current') }} as injection_current,
    {{ read(fields, 'dynamics.injection_current_unit') }} as injection_current_unit,
    {{ invalid_fields(fields) }} as invalid_fields
from injection_dynamics

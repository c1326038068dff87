-- Grain: one row per record and implanted probe.

with implant as (
    select
        record_id,
        surgery_position,
        position,
        coordinate_system_json,
        procedure_json,
        {{ json_struct('procedure_json', {
            'implanted_device': {'name': 'json'},
            'device_config': {
                'primary_targeted_structure': {'acronym': 'json'},
                'transform': 'json'
            }
        }) }} as implant
    from {{ ref('stg_docdb__procedures') }}
    where object_type = 'Probe implant'
),

parsed as (
    select
        record_id,
        surgery_position,
        position,
        implant,
        coordinate_system_json,
        procedure_json,
        {{ invalid_fields({
            'implanted_device.name': ['implant.implanted_device.name', 'string'],
            'device_config.primary_targeted_structure.acronym':
                ['implant.device_config.primary_targeted_structure.acronym', 'string'],
            'device_config.transform': ['implant.device_config.transform', 'array']
        }) }} as invalid_fields,
        {{ json_struct('coordinate_system_json', {
            'name': 'text',
            'origin': 'json',
            'axis_unit': 'text'
        }) }} as coordinate_system
    from implant
)

select
    record_id,
    surgery_position,
    position,
    {{ json_text('implant.implanted_device.name') }} as device_name,
    {{ json_text('implant.device_config.primary_targeted_structure.acronym') }}
        as targeted_structure,
    coordinate_system.name as coordinate_system_name,
    {{ json_main_text('coordinate_system.origin', 'name') }} as coordinate_system_origin,
    coordinate_system.axis_unit as coordinate_system_unit,
    coordinate_system_json,
    case
        when {{ json_type('implant.device_config.transform') }} = 'array'
            then cast(implant.device_config.transform as varchar)
        when implant.device_config.transform is not null
            then concat('[', implant.device_config.transform, ']')
    end as transform_json,
    invalid_fields,
    case when invalid_fields is not null then procedure_json end as invalid_json
from parsed

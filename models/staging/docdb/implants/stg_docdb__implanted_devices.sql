-- Grain: one row per record and procedure that implants a device of any kind.

{%- set fields = {
    'implant.implanted_device': 'object with name',
    'implant.device_config': 'object',
    'implant.transform': 'list',
    'device.object_type': 'text',
    'device.name': 'text',
    'device.model': 'text',
    'device.probe_model': 'text',
    'device.serial_number': 'text',
    'device.total_length': 'number or text',
    'device.length_unit': 'text',
} %}

with implants as (
    select
        record_id,
        surgery_position,
        position,
        object_type,
        coordinate_system_path,
        {{ json_known_object(fields, 'procedure_json', 'path', 'implant') }} as implant
    from {{ ref('stg_docdb__surgery_procedures') }}
    where
        object_type in (
            'Probe implant', 'Device implant', 'Catheter implant', 'Myomatrix insertion'
        )
),

devices as (
    select
        record_id,
        surgery_position,
        position,
        object_type,
        coordinate_system_path,
        implant,
        {{ json_object(fields, 'implant.implanted_device', 'device') }} as device,
        {{ json_object(fields, 'implant.device_config', 'config') }} as config
    from implants
)

select
    record_id,
    surgery_position,
    position,
    implant.path,
    object_type,
    {{ read(fields, 'device.object_type') }} as device_type,
    {{ read(fields, 'device.name') }} as device_name,
    coalesce({{ read(fields, 'device.model') }}, {{ read(fields, 'device.probe_model') }})
        as model,
    {{ read(fields, 'device.serial_number') }} as serial_number,
    {{ read(fields, 'device.total_length') }} as length,
    {{ read(fields, 'device.length_unit') }} as length_unit,
    {{ read(fields, 'implant.transform') }} as transform_json,
    config.value as config_json,
    config.path as config_path,
    coordinate_system_path,
    {{ invalid_fields(fields) }} as invalid_fields
from devices

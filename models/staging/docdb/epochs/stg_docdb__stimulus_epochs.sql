-- Grain: one row per record and stimulus epoch, in the order of the record.

{%- set fields = {
    'element': 'object',
    'epoch.stimulus_start_time': 'time',
    'epoch.stimulus_end_time': 'time',
    'epoch.stimulus_name': 'text',
    'epoch.stimulus_modalities': 'list',
    'epoch.code': 'object',
    'epoch.performance_metrics': 'object',
    'epoch.active_devices': 'list',
    'epoch.training_protocol_name': 'text',
    'epoch.curriculum_status': 'text',
    'epoch.notes': 'text',
} %}

with elements as (
    select
        record_id,
        {{ explode_list(
            fields, 'epoch', 'stimulus_epochs_json', "concat(path, '.stimulus_epochs')"
        ) }} as element
    from {{ ref('stg_docdb__acquisitions') }}
),

epochs as (
    select
        record_id,
        element,
        {{ json_object(fields, 'element', 'epoch') }} as epoch
    from elements
),

parts as (
    select
        record_id,
        element,
        epoch,
        {{ json_object(fields, 'epoch.code', 'code') }} as code,
        {{ json_object(fields, 'epoch.performance_metrics', 'performance') }} as performance
    from epochs
)

select
    record_id,
    element.position,
    epoch.path,
    epoch.value is not null as is_usable,
    {{ read(fields, 'epoch.stimulus_name') }} as stimulus_name,
    {{ read(fields, 'epoch.stimulus_modalities') }} as stimulus_modalities_json,
    {{ read(fields, 'epoch.stimulus_start_time') }} as start_time,
    {{ read(fields, 'epoch.stimulus_end_time') }} as end_time,
    code.path as code_path,
    code.value as code_json,
    performance.path as performance_path,
    performance.value as performance_json,
    {{ read(fields, 'epoch.active_devices') }} as active_devices_json,
    {{ read(fields, 'epoch.training_protocol_name') }} as training_protocol,
    {{ read(fields, 'epoch.curriculum_status') }} as curriculum_status,
    {{ read(fields, 'epoch.notes') }} as notes,
    {{ invalid_fields(fields) }} as invalid_fields
from parts

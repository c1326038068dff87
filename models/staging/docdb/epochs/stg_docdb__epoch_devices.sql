-- Grain: one row per record, stimulus epoch and active device, in the order of the record.

{%- set fields = {'device': 'text'} %}

with devices as (
    select
        record_id,
        position as epoch_position,
        {{ explode_list(
            fields, 'device', 'active_devices_json', "concat(path, '.active_devices')"
        ) }} as device
    from {{ ref('stg_docdb__stimulus_epochs') }}
)

select
    record_id,
    epoch_position,
    device.position,
    {{ read(fields, 'device') }} as device_name,
    {{ invalid_fields(fields) }} as invalid_fields
from devices

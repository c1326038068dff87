-- Grain: one row per record, data stream and active device, in the order of the record.

{%- set fields = {'device': 'text'} %}

with devices as (
    select
        record_id,
        position as stream_position,
        {{ explode_list(
            fields, 'device', 'active_devices_json', "concat(path, '.active_devices')"
        ) }} as device
    from {{ ref('stg_docdb__data_streams') }}
)

select
    record_id,
    stream_position,
    device.position,
    {{ read(fields, 'device') }} as device_name,
    {{ invalid_fields(fields) }} as invalid_fields
from devices

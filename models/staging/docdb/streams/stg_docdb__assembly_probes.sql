-- Grain: one row per record, data stream, assembly of devices and probe in it.

{%- set fields = {
    'element': 'object or device_name',
    'probe.object_type': 'text',
    'probe.device_name': 'text',
} %}

with elements as (
    select
        record_id,
        stream_position,
        position as configuration_position,
        {{ explode_list(fields, 'probe', 'probes_json', "concat(path, '.probes')") }} as element
    from {{ ref('stg_docdb__configurations') }}
),

probes as (
    select
        record_id,
        stream_position,
        configuration_position,
        element,
        {{ json_object(fields, 'element', 'probe') }} as probe
    from elements
)

select
    record_id,
    stream_position,
    configuration_position,
    element.position,
    probe.value is not null as is_usable,
    {{ read(fields, 'probe.object_type') }} as object_type,
    {{ read(fields, 'probe.device_name') }} as device_name,
    {{ read_rest(fields, 'probe') }} as details,
    {{ invalid_fields(fields) }} as invalid_fields
from probes

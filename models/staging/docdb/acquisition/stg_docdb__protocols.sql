-- Grain: one row per record and protocol of its acquisition, in the order of the record.

{%- set fields = {'protocol': 'text'} %}

with protocols as (
    select
        record_id,
        {{ explode_list(fields, 'protocol', 'protocol_ids_json', "concat(path, '.protocol_id')") }}
            as protocol
    from {{ ref('stg_docdb__acquisitions') }}
)

select
    record_id,
    protocol.position,
    {{ read(fields, 'protocol') }} as protocol_id,
    {{ invalid_fields(fields) }} as invalid_fields
from protocols

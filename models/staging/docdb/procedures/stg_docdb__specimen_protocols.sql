-- Grain: one row per record, procedure on specimens and protocol of it.

{%- set fields = {'protocol': 'text'} %}

with protocols as (
    select
        record_id,
        position as procedure_position,
        {{ explode_list(fields, 'protocol', 'protocol_id_json', "concat(path, '.protocol_id')") }}
            as protocol
    from {{ ref('stg_docdb__specimen_procedures') }}
)

select
    record_id,
    procedure_position,
    protocol.position,
    {{ read(fields, 'protocol') }} as protocol_id,
    {{ invalid_fields(fields) }} as invalid_fields
from protocols

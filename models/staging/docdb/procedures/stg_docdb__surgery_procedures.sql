-- Grain: one row per record, surgery and procedure in it.

{%- set fields = {
    'element': 'object',
    'procedure.object_type': 'object type',
    'procedure.protocol_id': 'text',
    'procedure.notes': 'text',
} %}

with elements as (
    select
        record_id,
        position as surgery_position,
        coordinate_system_path,
        {{ explode_list(fields, 'procedure', 'procedures_json', 'procedures_path') }} as element
    from {{ ref('stg_docdb__surgeries') }}
),

procedures as (
    select
        record_id,
        surgery_position,
        coordinate_system_path,
        element,
        {{ json_object(fields, 'element', 'procedure') }} as procedure
    from elements
)

select
    record_id,
    surgery_position,
    element.position,
    procedure.path,
    procedure.value is not null as is_usable,
    {{ read(fields, 'procedure.object_type') }} as object_type,
    {{ read(fields, 'procedure.protocol_id') }} as protocol_id,
    {{ read(fields, 'procedure.notes') }} as notes,
    {{ read_rest(fields, 'procedure') }} as details,
    procedure.value as procedure_json,
    coordinate_system_path,
    {{ invalid_fields(fields) }} as invalid_fields
from procedures

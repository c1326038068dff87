-- Grain: one row per record and procedure on a specimen.

{%- set fields = {
    'element': 'object',
    'procedure.object_type': 'known',
    'procedure.procedure_type': 'text',
    'procedure.specimen_id': 'list or text',
    'procedure.start_date': 'date',
    'procedure.end_date': 'date',
    'procedure.experimenters': 'list',
    'procedure.protocol_id': 'list',
    'procedure.notes': 'text',
} %}

with elements as (
    select
        record_id,
        {{ explode_list(
            fields, 'procedure', 'specimen_procedures_json', "concat(path, '.specimen_procedures')"
        ) }} as element
    from {{ ref('stg_docdb__procedures') }}
),

procedures as (
    select
        record_id,
        element,
        {{ json_object(fields, 'element', 'procedure') }} as procedure
    from elements
)

select
    record_id,
    element.position,
    procedure.path,
    procedure.value is not null as is_usable,
    {{ read(fields, 'procedure.procedure_type') }} as procedure_type,
    {{ read(fields, 'procedure.specimen_id') }} as specimen_id_json,
    {{ read(fields, 'procedure.start_date') }} as start_date,
    {{ read(fields, 'procedure.end_date') }} as end_date,
    {{ read(fields, 'procedure.experimenters') }} as experimenters_json,
    {{ read(fields, 'procedure.protocol_id') }} as protocol_id_json,
    {{ read(fields, 'procedure.notes') }} as notes,
    {{ read_rest(fields, 'procedure') }} as details,
    {{ invalid_fields(fields) }} as invalid_fields
from procedures

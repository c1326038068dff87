-- Grain: one row per record and procedure on specimens.

with specimen as (
    select
        record_id,
        procedure_position,
        string_agg(specimen_id, ', ' order by position) as specimen_id
    from {{ ref('stg_docdb__specimens') }}
    where specimen_id != ''
    group by all
),

protocol as (
    select
        record_id,
        procedure_position,
        {{ list_in_order('protocol_id', 'position') }} as protocol_ids
    from {{ ref('stg_docdb__specimen_protocols') }}
    where protocol_id != ''
    group by all
)

select
    procedure.record_id,
    'specimen' as kind,
    procedure.position as procedure_index,
    0 as part_index,
    procedure.procedure_type,
    procedure.start_date,
    procedure.end_date,
    protocol.protocol_ids,
    specimen.specimen_id,
    nullif(procedure.notes, '') as notes,
    procedure.details
from {{ ref('stg_docdb__specimen_procedures') }} as procedure
left join specimen
    on
        procedure.record_id = specimen.record_id
        and procedure.position = specimen.procedure_position
left join protocol
    on
        procedure.record_id = protocol.record_id
        and procedure.position = protocol.procedure_position
where procedure.is_usable

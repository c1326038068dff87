-- Grain: one row per record, subject procedure and part of it; one without parts has one row.

with part as (
    select * from {{ ref('stg_docdb__surgery_procedures') }}
    where is_usable
)

select
    procedure.record_id,
    'subject' as kind,
    procedure.position as procedure_index,
    coalesce(part.position, 0) as part_index,
    coalesce(part.object_type, procedure.object_type) as procedure_type,
    procedure.start_date,
    procedure.end_date,
    case
        when coalesce(part.protocol_id, '') in ('', procedure.protocol_id)
            then if(procedure.protocol_id != '', [procedure.protocol_id], [])
        when coalesce(procedure.protocol_id, '') = ''
            then [part.protocol_id]
        else [procedure.protocol_id, part.protocol_id]
    end as protocol_ids,
    procedure.ethics_review_id,
    cast(null as varchar) as specimen_id,
    cast(procedure.animal_weight_prior as double) as animal_weight_prior,
    cast(procedure.animal_weight_post as double) as animal_weight_post,
    procedure.weight_unit,
    procedure.anaesthesia_type,
    cast(procedure.anaesthesia_duration as double) as anaesthesia_duration,
    procedure.anaesthesia_duration_unit,
    cast(procedure.anaesthesia_level_percent as double) as anaesthesia_level_percent,
    nullif(
        if(
            part.path = procedure.path,
            procedure.notes,
            concat_ws(chr(10), nullif(part.notes, ''), nullif(procedure.notes, ''))
        ),
        ''
    ) as notes,
    -- An injection outside of a surgery is its own part.
    if(part.path != procedure.path, part.details, procedure.details) as details,
    if(part.path != procedure.path, procedure.details, null) as surgery_details
from {{ ref('stg_docdb__subject_procedures') }} as procedure
left join part
    on
        procedure.record_id = part.record_id
        and procedure.position = part.surgery_position

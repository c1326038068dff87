-- Grain: one row per subject, kind, procedure and part of it.

with procedure_record as (
    select * from {{ ref('int_procedure_records') }}
),

experimenter as (
    select
        record_id,
        kind,
        procedure_position,
        list(person_name order by position) as experimenters
    from {{ ref('stg_docdb__procedure_experimenters') }}
    where person_name is not null
    group by all
),

normalized_experimenter as (
    select
        record_id,
        role,
        list_index,
        list(person_name order by place) as experimenters_normalized
    from {{ ref('int_people_normalized') }}
    group by all
),

specimen as (
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
        list(protocol_id order by position) as protocol_ids
    from {{ ref('stg_docdb__specimen_protocols') }}
    where protocol_id != ''
    group by all
),

part as (
    select * from {{ ref('stg_docdb__surgery_procedures') }}
    where is_usable
),

subject_procedure as (
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
),

specimen_procedure as (
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
),

procedure as (
    select * from subject_procedure
    union all by name
    select * from specimen_procedure
),

published_procedure as (
    select
        procedure_record.subject_id,
        procedure.kind,
        cast(procedure.procedure_index as integer) as procedure_index,
        cast(procedure.part_index as integer) as part_index,
        procedure.procedure_type,
        cast(procedure.start_date as date) as start_date,
        cast(procedure.end_date as date) as end_date,
        coalesce(experimenter.experimenters, []) as experimenters,
        coalesce(normalized_experimenter.experimenters_normalized, [])
            as experimenters_normalized,
        coalesce(procedure.protocol_ids, []) as protocol_ids,
        procedure.ethics_review_id,
        procedure.specimen_id,
        procedure.animal_weight_prior,
        procedure.animal_weight_post,
        procedure.weight_unit,
        procedure.anaesthesia_type,
        procedure.anaesthesia_duration,
        procedure.anaesthesia_duration_unit,
        procedure.anaesthesia_level_percent,
        procedure.notes,
        procedure.details,
        procedure.surgery_details
    from procedure
    inner join procedure_record on procedure.record_id = procedure_record.record_id
    left join experimenter
        on
            procedure.record_id = experimenter.record_id
            and procedure.kind = experimenter.kind
            and procedure.procedure_index = experimenter.procedure_position
    left join normalized_experimenter
        on
            procedure.record_id = normalized_experimenter.record_id
            and concat(procedure.kind, ' procedure') = normalized_experimenter.role
            and procedure.procedure_index = normalized_experimenter.list_index
)

select * from published_procedure

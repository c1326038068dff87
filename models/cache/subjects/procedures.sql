-- Grain: one row per subject, kind, procedure and part of it.

with procedure_record as (
    select * from {{ ref('int_procedure_records') }}
),

experimenter as (
    select
        record_id,
        kind,
        procedure_position,
        {{ list_in_order('person_name', 'position') }} as experimenters
    from {{ ref('stg_docdb__procedure_experimenters') }}
    where person_name is not null
    group by all
),

normalized_experimenter as (
    select
        record_id,
        role,
        list_index,
        {{ list_in_order('person_name', 'person_position') }} as experimenters_normalized
    from {{ ref('int_people_normalized') }}
    group by all
),

procedure as (
    select * from {{ ref('int_subject_procedures') }}
    union all by name
    select * from {{ ref('int_specimen_procedures') }}
)

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

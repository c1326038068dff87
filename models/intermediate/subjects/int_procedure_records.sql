-- Grain: one row per subject and the record whose procedures are published.

with subject_record as (
    select * from {{ ref('int_subject_records') }}
),

procedure as (
    select record_id from {{ ref('stg_docdb__subject_procedures') }}
    union
    select record_id from {{ ref('stg_docdb__specimen_procedures') }}
    where is_usable
),

-- Each record repeats the procedures of its subject: the newest with any is used.
procedure_record as (
    select
        subject_record.subject_id,
        subject_record.record_id
    from subject_record
    semi join procedure on subject_record.record_id = procedure.record_id
    qualify row_number() over (
        partition by subject_record.subject_id
        order by subject_record.record_rank
    ) = 1
)

select * from procedure_record

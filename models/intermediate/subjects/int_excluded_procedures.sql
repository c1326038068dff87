-- Grain: one row per record whose procedures are of no subject.

with subject_record as (
    select * from {{ ref('int_subject_records') }}
),

procedure as (
    select record_id from {{ ref('stg_docdb__subject_procedures') }}
    union all
    select record_id from {{ ref('stg_docdb__specimen_procedures') }}
    where is_usable
),

excluded_record as (
    select
        procedure.record_id,
        'procedures' as table_name,
        'subject_id' as column_name,
        'subject.subject_id' as path,
        'no subject' as problem,
        concat(count(*), ' procedures') as value
    from procedure
    anti join subject_record on procedure.record_id = subject_record.record_id
    group by all
)

select * from excluded_record

-- Grain: one row per record; which core files it has.

with record as (
    select * from {{ ref('stg_docdb__identities') }}
),

section as (
    select * from {{ ref('stg_docdb__section_types') }}
),

core_file as (
    select
        record.record_id as _id,
        record.last_modified as _last_modified,
        section.subject_kind is not null as subject,
        section.data_description_kind is not null as data_description,
        section.procedures_kind is not null as procedures,
        section.instrument_kind is not null as instrument,
        section.acquisition_kind is not null as acquisition,
        section.processing_kind is not null as processing,
        section.quality_control_kind is not null as quality_control,
        record.name
    from record
    inner join section on record.record_id = section.record_id
)

select * from core_file

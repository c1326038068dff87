-- Grain: one row per record, with its sections as JSON text, exactly as in the lake.

with record as (
    select * from {{ ref('stg_docdb__records') }}
),

document as (
    select
        record_id as _id,
        name,
        location,
        created as _created,
        last_modified as _last_modified,
        schema_version,
        subject,
        data_description,
        procedures,
        instrument,
        acquisition,
        processing,
        quality_control,
        model,
        other_identifiers,
        extra_json as extra,
        bucket
    from record
)

select * from document

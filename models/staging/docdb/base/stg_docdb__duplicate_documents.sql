-- Grain: one row per document that a newer one with the same _id replaces within one run.

with superseded_version as (
    select * from {{ ref('stg_docdb__superseded_versions') }}
),

record as (
    select
        record_id,
        run
    from {{ ref('stg_docdb__records') }}
)

select
    superseded_version.record_id,
    superseded_version.name,
    superseded_version.last_modified,
    superseded_version.position
from superseded_version
inner join record
    on
        superseded_version.record_id = record.record_id
        and superseded_version.run = record.run

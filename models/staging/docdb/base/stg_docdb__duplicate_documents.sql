-- Grain: one row per document that a newer one with the same _id replaces within one run.
-- The complement of the base view, and so the second model of staging that may join the lake.

with lake as (
    select * from {{ source('docdb', 'docdb_v2') }}
),

record as (
    select * from {{ ref('stg_docdb__records') }}
)

select
    lake._id as record_id,
    lake.name,
    lake._last_modified as last_modified,
    lake.position
from lake
inner join record
    on
        lake._id = record.record_id
        and lake.run = record.run
where
    lake.position != record.position
    and not lake.is_deleted

-- Grain: one row; the instant that the whole build takes for now.

-- The newest extract, not the wall clock: the same lake gives the same bytes.
with record as (
    select * from {{ ref('stg_docdb__records') }}
)

select max(extracted_at) as as_of
from record

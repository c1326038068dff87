-- Grain: one row; the instant that the whole build takes for now.

-- The newest extract, not the wall clock: the same lake gives the same bytes. Runs are ordered by
-- their number: a clock that was ahead once does not stay ahead.
with record as (
    select * from {{ ref('stg_docdb__records') }}
)

select max_by(extracted_at, run) as as_of
from record

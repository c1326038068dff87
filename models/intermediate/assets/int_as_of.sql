-- Grain: one row, with the instant that the whole build uses as the current time.

-- The newest extract, not the wall clock: the same lake gives the same bytes. Runs are ordered by
-- their number, so that one run with a fast clock has no lasting effect.
with record as (
    select * from {{ ref('stg_docdb__records') }}
)

select max_by(extracted_at, run) as as_of
from record

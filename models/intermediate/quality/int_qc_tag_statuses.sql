-- Grain: one row per record and key of quality_control.status.

select
    record_id,
    tag,
    {{ judgement('status') }} as status
from {{ ref('stg_docdb__qc_statuses') }}
-- Of a key that stands twice in an object the last counts.
qualify row_number() over (partition by record_id, tag order by position desc) = 1

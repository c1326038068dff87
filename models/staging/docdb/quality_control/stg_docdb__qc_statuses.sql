-- Grain: one row per record and key of quality_control.status, in the order of the record.

{%- set fields = {'status': 'judgement'} %}

with statuses as (
    select
        record_id,
        {{ explode_list(fields, 'status', 'statuses_json', 'statuses_path', keep_nulls = true) }}
            as status
    from {{ ref('stg_docdb__quality_controls') }}
)

select
    record_id,
    status.position,
    status.key as tag,
    {{ read(fields, 'status') }} as status,
    {{ invalid_fields(fields) }} as invalid_fields
from statuses

-- Grain: one row per record, stimulus epoch and training stage that it names.

{%- set fields = {'stage': 'text'} %}

with stages as (
    select
        record_id,
        position as epoch_position,
        {{ explode_list(fields, 'stage', 'stage_in_use_json', "concat(path, '.stage_in_use')") }}
            as stage
    from {{ ref('stg_docdb__epoch_performances') }}
)

select
    record_id,
    epoch_position,
    stage.position,
    {{ read(fields, 'stage') }} as stage_in_use,
    {{ invalid_fields(fields) }} as invalid_fields
from stages

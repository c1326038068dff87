-- Grain: one row per record and subject procedure, with its own fields.

{%- set fields = {
    'procedure.object_type': 'known',
    'procedure.procedures': 'known',
    'procedure.injections': 'known',
    'procedure.start_date': 'date',
    'procedure.end_date': 'date',
    'procedure.experimenters': 'list',
    'procedure.protocol_id': 'text',
    'procedure.ethics_review_id': 'text',
    'procedure.animal_weight_prior': 'number or text',
    'procedure.baseline_weight': 'number or text',
    'procedure.animal_weight_post': 'number or text',
    'procedure.weight_unit': 'text',
    'procedure.anaesthesia': 'object',
    'procedure.notes': 'text',
    'anaesthesia.anaesthetic_type': 'text',
    'anaesthesia.duration': 'number or text',
    'anaesthesia.duration_unit': 'text',
    'anaesthesia.level': 'number or text',
} %}

with procedures as (
    select
        record_id,
        position,
        object_type,
        {{ json_known_object(fields, 'surgery_json', 'path', 'procedure') }} as procedure
    from {{ ref('stg_docdb__surgeries') }}
    where surgery_json is not null
),

anaesthetics as (
    select
        record_id,
        position,
        object_type,
        procedure,
        {{ json_object(fields, 'procedure.anaesthesia', 'anaesthesia') }} as anaesthesia
    from procedures
)

select
    record_id,
    position,
    procedure.path,
    object_type,
    {{ read(fields, 'procedure.start_date') }} as start_date,
    {{ read(fields, 'procedure.end_date') }} as end_date,
    {{ read(fields, 'procedure.experimenters') }} as experimenters_json,
    {{ read(fields, 'procedure.protocol_id') }} as protocol_id,
    {{ read(fields, 'procedure.ethics_review_id') }} as ethics_review_id,
    coalesce(
        {{ read(fields, 'procedure.animal_weight_prior') }},
        {{ read(fields, 'procedure.baseline_weight') }}
    ) as animal_weight_prior,
    {{ read(fields, 'procedure.animal_weight_post') }} as animal_weight_post,
    {{ read(fields, 'procedure.weight_unit') }} as weight_unit,
    {{ read(fields, 'anaesthesia.anaesthetic_type') }} as anaesthesia_type,
    {{ read(fields, 'anaesthesia.duration') }} as anaesthesia_duration,
    {{ read(fields, 'anaesthesia.duration_unit') }} as anaesthesia_duration_unit,
    {{ read(fields, 'anaesthesia.level') }} as anaesthesia_level_percent,
    {{ read(fields, 'procedure.notes') }} as notes,
    case
        -- Of two weights before the procedure, the second has no column.
        when
            {{ read(fields, 'procedure.animal_weight_prior') }} is not null
            and {{ read(fields, 'procedure.baseline_weight') }} is not null
            then {{ read_rest(fields, 'procedure', keep = ['baseline_weight']) }}
        else {{ read_rest(fields, 'procedure') }}
    end as details,
    {{ invalid_fields(fields) }} as invalid_fields
from anaesthetics

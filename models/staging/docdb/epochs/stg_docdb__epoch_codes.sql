-- Grain: one row per record and stimulus epoch that says what code it ran.

{%- set fields = {
    'code.url': 'text',
    'code.name': 'text',
    'code.version': 'text',
    'code.core_dependency': 'object of name',
} %}

with codes as (
    select
        record_id,
        position,
        {{ json_known_object(fields, 'code_json', 'code_path', 'code') }} as code
    from {{ ref('stg_docdb__stimulus_epochs') }}
    where code_json is not null
)

select
    record_id,
    position,
    {{ read(fields, 'code.url') }} as code_url,
    {{ read(fields, 'code.name') }} as code_name,
    {{ read(fields, 'code.version') }} as code_version,
    {{ read(fields, 'code.core_dependency') }} as software,
    {{ invalid_fields(fields) }} as invalid_fields
from codes

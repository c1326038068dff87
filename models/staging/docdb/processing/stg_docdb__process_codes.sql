-- Grain: one row per record and data process that says what code it ran.

{%- set fields = {
    'code.url': 'text',
    'code.name': 'text',
    'code.version': 'text',
    'code.commit_hash': 'text',
    'code.container': 'object or uri',
    'container.uri': 'text',
    'container.tag': 'text',
    'code.parameters': 'object',
} %}

with codes as (
    select
        record_id,
        position,
        {{ json_known_object(fields, 'code_json', 'code_path', 'code') }} as code
    from {{ ref('stg_docdb__data_processes') }}
    where code_json is not null
),

containers as (
    select
        record_id,
        position,
        code,
        {{ json_object(fields, 'code.container', 'container') }} as container,
        {{ json_object(fields, 'code.parameters', 'parameters') }} as parameters
    from codes
)

select
    record_id,
    position,
    {{ read(fields, 'code.url') }} as code_url,
    {{ read(fields, 'code.name') }} as code_name,
    {{ read(fields, 'code.version') }} as code_version,
    {{ read(fields, 'code.commit_hash') }} as commit_hash,
    {{ read(fields, 'container.uri') }} as container_uri,
    {{ read(fields, 'container.tag') }} as container_tag,
    parameters.value as parameters,
    {{ invalid_fields(fields) }} as invalid_fields
from containers

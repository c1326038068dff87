-- Grain: one row per record and coordinate system of its procedures, of one of them or of all.

{%- set fields = {
    'system.name': 'text',
    'system.origin': 'text or name',
    'system.axis_unit': 'text',
    'system.axes': 'list',
} %}

with of_procedures as (
    select
        record_id,
        coordinate_system_json,
        coordinate_system_path
    from {{ ref('stg_docdb__procedures') }}
    union all
    select
        record_id,
        coordinate_system_json,
        coordinate_system_path
    from {{ ref('stg_docdb__surgeries') }}
),

coordinate_systems as (
    select
        record_id,
        {{ json_known_object(
            fields, 'coordinate_system_json', 'coordinate_system_path', 'system'
        ) }} as system
    from of_procedures
    where coordinate_system_json is not null
)

select
    record_id,
    system.path,
    {{ read(fields, 'system.name') }} as coordinate_system_name,
    {{ read(fields, 'system.origin') }} as coordinate_system_origin,
    {{ read(fields, 'system.axis_unit') }} as coordinate_system_unit,
    {{ read(fields, 'system.axes') }} as axes_json,
    {{ invalid_fields(fields) }} as invalid_fields
from coordinate_systems

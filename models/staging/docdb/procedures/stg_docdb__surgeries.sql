-- Grain: one row per record and subject procedure, a surgery.

{%- set fields = {
    'element': 'object',
    'surgery.procedures': 'list',
    'surgery.global_coordinate_system': 'object',
    'surgery.coordinate_system': 'object',
} %}

with elements as (
    select
        record_id,
        coordinate_system_json,
        coordinate_system_path,
        {{ explode_json(
            'subject_procedures_json',
            "concat(path, '.subject_procedures')",
            ['object_type', 'procedures', 'start_date']
        ) }} as element
    from {{ ref('stg_docdb__procedures') }}
),

surgeries as (
    select
        record_id,
        coordinate_system_json,
        coordinate_system_path,
        element,
        {{ json_object(fields, 'element', 'surgery') }} as surgery
    from elements
),

coordinate_systems as (
    select
        record_id,
        coordinate_system_json,
        coordinate_system_path,
        element,
        surgery,
        {{ json_object(fields, 'surgery.global_coordinate_system', 'global_system') }}
            as global_system,
        {{ json_object(fields, 'surgery.coordinate_system', 'own_system') }} as own_system
    from surgeries
)

select
    record_id,
    element.position,
    surgery.path,
    {{ read(fields, 'surgery.procedures') }} as procedures_json,
    -- Upgraded records name the coordinate system once, beside the surgeries.
    coalesce(global_system.value, own_system.value, coordinate_system_json)
        as coordinate_system_json,
    case
        when global_system.value is not null then global_system.path
        when own_system.value is not null then own_system.path
        else coordinate_system_path
    end as coordinate_system_path,
    {{ invalid_fields(fields) }} as invalid_fields
from coordinate_systems

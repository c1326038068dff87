-- Grain: one row per record and subject procedure, a surgery or another one.

{%- set fields = {
    'element': 'object',
    'surgery.object_type': 'object type',
    'surgery.start_date': 'known',
    'surgery.procedures': 'list',
    'surgery.injections': 'list',
    'surgery.global_coordinate_system': 'object',
    'surgery.coordinate_system': 'object',
} %}

with elements as (
    select
        record_id,
        coordinate_system_path,
        {{ explode_list(
            fields, 'surgery', 'subject_procedures_json', "concat(path, '.subject_procedures')"
        ) }} as element
    from {{ ref('stg_docdb__procedures') }}
),

surgeries as (
    select
        record_id,
        coordinate_system_path,
        element,
        {{ json_object(fields, 'element', 'surgery') }} as surgery
    from elements
),

coordinate_systems as (
    select
        record_id,
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
    {{ read(fields, 'surgery.object_type') }} as object_type,
    surgery.value as surgery_json,
    -- Injections outside of a surgery are in their own list, or single objects.
    coalesce(
        {{ read(fields, 'surgery.procedures') }},
        {{ read(fields, 'surgery.injections') }},
        case
            when {{ read(fields, 'surgery.object_type') }} in ('Injection', 'Brain injection')
                then surgery.value
        end
    ) as procedures_json,
    case
        when {{ read(fields, 'surgery.procedures') }} is not null
            then concat(surgery.path, '.procedures')
        when {{ read(fields, 'surgery.injections') }} is not null
            then concat(surgery.path, '.injections')
        else surgery.path
    end as procedures_path,
    coalesce(global_system.value, own_system.value) as coordinate_system_json,
    -- Upgraded records name the coordinate system once, beside the surgeries.
    case
        when global_system.value is not null then global_system.path
        when own_system.value is not null then own_system.path
        else coordinate_system_path
    end as coordinate_system_path,
    {{ invalid_fields(fields) }} as invalid_fields
from coordinate_systems

-- Grain: one row per record, injection, site, translation and number in it.

{%- set fields = {'coordinate': 'number'} %}

with coordinates as (
    select
        record_id,
        surgery_position,
        injection_position,
        site_position,
        position as step_position,
        coalesce(reference_coordinate_system = 'local', false) as is_local,
        -- Coordinates are numbered by position, including missing ones.
        {{ explode_list(
            fields, 'coordinate', 'translation_json',
            "concat(path, '.translation')", keep_nulls = true
        ) }} as coordinate
    from {{ ref('stg_docdb__injection_transforms') }}
    where object_type = 'Translation'
)

select
    record_id,
    surgery_position,
    injection_position,
    site_position,
    step_position,
    is_local,
    coordinate.position,
    {{ read(fields, 'coordinate') }} as coordinate,
    {{ invalid_fields(fields) }} as invalid_fields
from coordinates

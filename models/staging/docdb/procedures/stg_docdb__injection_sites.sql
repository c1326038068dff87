-- Grain: one row per record, injection and place of it, a list of transforms.

{%- set fields = {'site': 'list', 'site.object_type': 'known'} %}

with sites as (
    select
        record_id,
        surgery_position,
        position as injection_position,
        {{ explode_list(fields, 'site', 'coordinates_json', "concat(path, '.coordinates')") }}
            as site
    from {{ ref('stg_docdb__injections') }}
)

select
    record_id,
    surgery_position,
    injection_position,
    site.position,
    {{ json_is('site.value', 'array') }} or {{ json_is('site.value', 'object') }} as is_usable,
    {{ read(fields, 'site') }} as transform_json,
    site.path as transform_path,
    {{ invalid_fields(fields) }} as invalid_fields
from sites

-- Grain: one row per location of a raw asset with a neuroglancer configuration.

{%- set fields = {'file': 'object', 'configuration.ng_link': 'text'} %}

with files as (
    select
        location,
        key,
        {{ json_slot('content_json', "concat(key, ' $')") }} as file
    from {{ ref('stg_objects__responses') }}
    where
        kind = 'neuroglancer'
        and key is not null
),

configurations as (
    select
        location,
        key,
        file,
        {{ json_object(fields, 'file', 'configuration') }} as configuration
    from files
)

select
    location,
    key,
    {{ read(fields, 'configuration.ng_link') }} as raw_link,
    {{ read(fields, 'file') }} as file_json,
    {{ invalid_fields(fields) }} as invalid_fields
from configurations

-- Grain: one row per location of a raw asset and file that a link can point to.

with response as (
    select * from {{ ref('stg_objects__responses') }}
)

select
    location,
    key as file_name
from response
where
    kind = 'exaspim'
    and key is not null

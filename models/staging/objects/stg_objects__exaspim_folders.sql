-- Grain: one row per location of a fused asset and folder there; one without a folder for none.

with response as (
    select * from {{ ref('stg_objects__responses') }}
)

select
    location,
    key as folder
from response
where
    kind = 'exaspim_folders'
    and problem is null

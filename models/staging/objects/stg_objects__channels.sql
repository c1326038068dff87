-- Grain: one row per location of a stitched asset and folder of a channel.

with response as (
    select * from {{ ref('stg_objects__responses') }}
)

select
    location,
    key as channel
from response
where
    kind = 'channels'
    and key is not null

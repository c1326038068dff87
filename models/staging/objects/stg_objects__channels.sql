-- Grain: one row per location of a stitched asset and folder of a channel.

with answer as (
    select * from {{ ref('stg_objects__responses') }}
)

select
    location,
    key as channel
from answer
where
    kind = 'channels'
    and key is not null

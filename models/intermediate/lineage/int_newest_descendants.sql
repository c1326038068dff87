-- Grain: one row per raw asset name and word that the name of a descendant has; the newest one.

with word (word) as (
    values ('stitched'), ('fused')
),

descendant as (
    select * from {{ ref('int_raw_descendants') }}
),

asset as (
    select * from {{ ref('int_assets_joined') }}
    where is_current
),

newest_descendant as (
    select
        descendant.raw_name,
        word.word,
        descendant.name,
        asset.location,
        asset.institution_abbreviation,
        asset.process_end_time
    from descendant
    inner join word on contains(lower(descendant.name), word.word)
    inner join asset on descendant.name = asset.name
    qualify
        row_number() over (
            partition by descendant.raw_name, word.word
            order by descendant.processed_at desc nulls last, descendant.name desc
        ) = 1
)

select * from newest_descendant

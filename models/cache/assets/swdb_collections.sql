-- Grain: one row per collection, asset of the collection and data asset in it.

with member as (
    select * from {{ ref('collection_members') }}
),

-- An empty field of the file is no text.
written_member as (
    select
        nullif(trim(collection), '') as collection,
        nullif(trim(collection_url), '') as collection_url,
        nullif(trim(data_asset_id), '') as data_asset_id,
        nullif(trim(collection_asset_name), '') as collection_asset_name,
        nullif(trim(name), '') as name
    from member
)

select * from written_member

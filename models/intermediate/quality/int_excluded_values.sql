-- Grain: one row per value, list element or record that a table cannot hold.

with asset as (
    select * from {{ ref('int_assets_joined') }}
),

impossible_age as (
    select
        record_id,
        'asset_basics' as table_name,
        'age' as column_name,
        'acquisition.acquisition_start_time' as path,
        'impossible age' as problem,
        cast(days_since_birth as varchar) as value
    from asset
    where
        days_since_birth is not null
        and age is null
),

nameless_asset as (
    select
        record_id,
        'assets' as table_name,
        'name' as column_name,
        'name' as path,
        'no name' as problem,
        cast(null as varchar) as value
    from asset
    where name is null
),

lineage_cycle as (
    select
        derivation.record_id,
        'asset_lineage' as table_name,
        'root_raw_name' as column_name,
        concat('data_description.source_data[', derivation.source_position, ']') as path,
        'lineage cycle' as problem,
        lineage.source_name as value
    from {{ ref('int_lineage_resolved') }} as lineage
    inner join {{ ref('int_derivations') }} as derivation
        on
            lineage.name = derivation.name
            and lineage.source_name = derivation.source_name
    where lineage.has_cycle
),

duplicate_document as (
    select
        record_id,
        'asset_basics' as table_name,
        '_id' as column_name,
        concat('document ', position + 1, ' of the source') as path,
        'newer document with this _id' as problem,
        last_modified as value
    from {{ ref('stg_docdb__duplicate_documents') }}
),

rejected_document as (
    select
        record_id,
        'asset_basics' as table_name,
        '_id' as column_name,
        concat_ws(':', file, line) as path,
        concat('unusable document: ', reason) as problem,
        -- A document that is not text is shown as bytes.
        coalesce(try(decode(document)), cast(document as varchar)) as value
    from {{ ref('stg_docdb__rejects') }}
    where not starts_with(reason, 'repaired: ')
),

repaired_value as (
    select
        record_id,
        table_name,
        column_name,
        path,
        problem,
        value
    from {{ ref('int_repaired_values') }}
),

excluded_value as (
    select * from impossible_age
    union all
    select * from nameless_asset
    union all
    select * from lineage_cycle
    union all
    select * from duplicate_document
    union all
    select * from rejected_document
    union all
    select * from repaired_value
)

select * from excluded_value

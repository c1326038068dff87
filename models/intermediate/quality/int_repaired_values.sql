-- Grain: one row per value that JSON cannot hold, or key that a document has twice, and its path.

with repair as (
    select
        record_id,
        coalesce(path, 'the document') as path,
        regexp_replace(coalesce(path, ''), '\[\d+\]', '[]', 'g') as shape,
        regexp_extract(coalesce(path, ''), '^[^.\[]*') as section,
        min(substr(reason, len('repaired: ') + 1)) as value
    from {{ ref('stg_docdb__rejects') }}
    where starts_with(reason, 'repaired: ')
    group by all
),

field as (
    select * from {{ ref('published_fields') }}
    where path != ''
),

-- An object of which fields are read for themselves: what else it has, no table reads.
object_path as (
    select distinct field.path
    from field
    inner join field as part
        on
            starts_with(part.path, concat(field.path, '.'))
            or starts_with(part.path, concat(field.path, '[]'))
),

-- The innermost field that holds the value; of several models that read it, the first by name.
read_field as (
    select
        repair.record_id,
        repair.path,
        field.table_name,
        field.column_name,
        repair.shape = field.path or object_path.path is null as is_read
    from repair
    inner join field
        on
            repair.shape = field.path
            or starts_with(repair.shape, concat(field.path, '.'))
            or starts_with(repair.shape, concat(field.path, '[]'))
    left join object_path on field.path = object_path.path
    qualify
        row_number() over (
            partition by repair.record_id, repair.path
            order by len(field.path) desc, field.entity asc, field.field asc
        ) = 1
),

asset as (
    select record_id from {{ ref('int_assets_joined') }}
),

-- Records of version 1 are not assets.
named_repair as (
    select
        asset.record_id,
        case
            when asset.record_id is null or repair.section in ('', '_id') then 'asset_basics'
            when read_field.is_read then read_field.table_name
            -- What no table reads stands in the section that `records` has of it.
            else 'records'
        end as table_name,
        case
            when asset.record_id is null or repair.section in ('', '_id') then '_id'
            when read_field.is_read then read_field.column_name
            when
                repair.section in (
                    'subject', 'data_description', 'procedures', 'instrument', 'acquisition',
                    'processing', 'quality_control', 'model', 'other_identifiers',
                    'schema_version'
                )
                then repair.section
            else 'extra'
        end as column_name,
        concat_ws(': ', if(asset.record_id is null, repair.record_id, null), repair.path) as path,
        'repaired' as problem,
        repair.value
    from repair
    left join asset on repair.record_id = asset.record_id
    left join read_field
        on
            repair.record_id = read_field.record_id
            and repair.path = read_field.path
)

select * from named_repair

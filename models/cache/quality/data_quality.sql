-- Grain: one row per value of a record that a table had to leave out or repair.

with odd_value as (
    select * from {{ ref('stg_docdb__type_errors') }}
),

published_field as (
    select * from {{ ref('published_fields') }}
),

unreadable_time as (
    select * from {{ ref('int_invalid_timestamps') }}
),

left_out as (
    select * from {{ ref('int_excluded_values') }}
),

copy_left_out as (
    select * from {{ ref('int_excluded_copies') }}
),

asset as (
    select * from {{ ref('int_assets_joined') }}
),

-- A document that did not become a record has a name, too, where it can be read.
rejected as (
    select
        record_id,
        min(name) as name
    from {{ ref('stg_docdb__rejects') }}
    where record_id is not null
    group by record_id
),

of_wrong_kind as (
    select
        odd_value.record_id,
        published_field.table_name,
        published_field.column_name,
        odd_value.path,
        'wrong kind' as problem,
        odd_value.value_json as value
    from odd_value
    inner join published_field
        on
            odd_value.entity = published_field.entity
            and odd_value.field = published_field.field
    where
        -- Identifiers of other registries than Code Ocean are in no table.
        odd_value.entity not in ('identifier_lists', 'identifiers')
        or starts_with(odd_value.path, 'other_identifiers.Code Ocean')
    -- A key that stands twice in an object gives one path.
    qualify row_number() over (
        partition by odd_value.record_id, odd_value.entity, odd_value.path
        order by odd_value.value_json
    ) = 1
),

gathered as (
    select * from of_wrong_kind
    union all
    select * from unreadable_time
    union all
    select * from left_out
    union all
    select * from copy_left_out
),

named as (
    select
        gathered.table_name,
        gathered.column_name,
        gathered.record_id,
        coalesce(asset.name, rejected.name) as name,
        gathered.path,
        gathered.problem,
        left(gathered.value, 200) as value
    from gathered
    left join asset on gathered.record_id = asset.record_id
    left join rejected on gathered.record_id = rejected.record_id
)

select * from named

-- Grain: one row per value of a record that a table had to leave out or repair.

with type_error as (
    select * from {{ ref('stg_docdb__type_errors') }}
),

published_field as (
    select * from {{ ref('published_fields') }}
),

asset as (
    select * from {{ ref('int_assets_joined') }}
),

record_v1 as (
    select * from {{ ref('stg_docdb_v1__identities') }}
),

-- A document that did not become a record has a name, too, where it can be read.
rejected as (
    select
        coalesce(record_id, concat_ws(':', file, line)) as document,
        min(name) as name
    from {{ ref('stg_docdb__rejects') }}
    group by all
),

published_error as (
    select
        type_error.record_id,
        published_field.table_name,
        published_field.column_name,
        type_error.path,
        type_error.problem,
        type_error.value
    from type_error
    inner join published_field
        on
            type_error.entity = published_field.entity
            and type_error.field = published_field.field
    -- What two models judge, the device that is a patch cord, is one value.
    qualify row_number() over (
        partition by type_error.record_id, type_error.path
        order by
            type_error.problem, type_error.value,
            published_field.table_name, published_field.column_name
    ) = 1
),

reported_value as (
    select * from published_error
    union all
    select * from {{ ref('int_excluded_values') }}
    union all
    select * from {{ ref('int_excluded_fibers') }}
    union all
    select * from {{ ref('int_excluded_injections') }}
    union all
    select * from {{ ref('int_excluded_subjects') }}
    union all
    select * from {{ ref('int_excluded_objects') }}
    union all
    select * from {{ ref('int_excluded_procedures') }}
    union all
    select * from {{ ref('int_excluded_people') }}
    union all
    select * from {{ ref('int_excluded_copies') }}
)

select
    reported_value.table_name,
    reported_value.column_name,
    reported_value.record_id,
    coalesce(asset.name, record_v1.name, rejected.name) as name,
    reported_value.path,
    reported_value.problem,
    left(reported_value.value, 200) as value
from reported_value
left join asset on reported_value.record_id = asset.record_id
left join record_v1 on reported_value.record_id = record_v1.record_id
left join rejected
    on coalesce(reported_value.record_id, reported_value.path) = rejected.document

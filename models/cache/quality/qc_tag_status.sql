-- Grain: one row per asset of a subject and key of quality_control.status.

with status as (
    select * from {{ ref('stg_docdb__qc_statuses') }}
    -- A key that stands twice in an object counts as its first.
    qualify row_number() over (partition by record_id, tag order by position) = 1
),

asset as (
    select * from {{ ref('int_assets_joined') }}
    where
        is_current
        and subject_id != ''
),

joined as (
    select
        status.tag,
        status.status,
        asset.name as asset_name,
        asset.subject_id,
        {{ parse_timestamp('asset.acquisition_start_time') }} as timestamp
    from status
    inner join asset on status.record_id = asset.record_id
)

select * from joined

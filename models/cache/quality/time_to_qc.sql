-- Grain: one row per derived asset name with a quality_control section.

with asset as (
    select
        asset.record_id,
        asset.name,
        asset.process_start_time,
        asset.process_end_time
    from {{ ref('int_assets_joined') }} as asset
    inner join {{ ref('stg_docdb__section_types') }} as section
        on asset.record_id = section.record_id
    where
        asset.is_current
        and asset.data_level = 'derived'
        and section.quality_control_kind = 'object'
),

pending as (
    select distinct record_id
    from {{ ref('stg_docdb__qc_statuses') }}
    where status = 'Pending'
),

last_evaluation as (
    select
        record_id,
        evaluated_text,
        evaluated_at
    from {{ ref('int_qc_metrics_latest') }}
    where not is_curation
    qualify row_number() over (
        partition by record_id
        order by evaluated_at desc nulls last, evaluated_text asc
    ) = 1
),

clock as (
    select * from {{ ref('int_as_of') }}
),

evaluated_asset as (
    select
        asset.name,
        coalesce(asset.process_end_time, asset.process_start_time) as process_end_time,
        pending.record_id is not null as is_pending,
        clock.as_of,
        last_evaluation.evaluated_text,
        last_evaluation.evaluated_at
    from asset
    cross join clock
    left join pending on asset.record_id = pending.record_id
    left join last_evaluation on asset.record_id = last_evaluation.record_id
),

time_to_qc as (
    select
        name,
        process_end_time,
        if(is_pending, strftime(as_of, '%Y-%m-%dT%H:%M:%S.%fZ'), evaluated_text) as qc_time,
        is_pending,
        if(is_pending, null, evaluated_at) as qc_completed_at,
        if(
            is_pending,
            null,
            date_diff('microsecond', cast(process_end_time as timestamptz), evaluated_at)
            / (24 * 60 * 60 * 1e6)
        ) as days_to_qc
    from evaluated_asset
)

select * from time_to_qc

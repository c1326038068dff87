-- Grain: one row per record whose quality control has no partition, as it has no subject.

with asset as (
    select
        record_id,
        subject_id,
        is_current,
        coalesce({{ is_partition_value('subject_id') }}, false) as has_partition
    from {{ ref('int_assets_joined') }}
),

metric as (
    select
        record_id,
        count(*) as metric_count
    from {{ ref('int_qc_metrics_latest') }}
    where not is_curation
    group by all
),

tag as (
    select
        record_id,
        count(*) as key_count
    from {{ ref('stg_docdb__qc_statuses') }}
    group by all
),

excluded_subject as (
    select
        asset.record_id,
        'quality_control' as table_name,
        'subject_id' as column_name,
        'subject.subject_id' as path,
        if(coalesce(asset.subject_id, '') = '', 'no subject', 'no name of a folder') as problem,
        concat_ws(
            ', ',
            concat(coalesce(metric.metric_count, 0), ' metrics'),
            -- Only the record of a name has rows in qc_tag_status.
            if(asset.is_current, tag.key_count, null) || ' keys of status',
            nullif(asset.subject_id, '')
        ) as value
    from asset
    left join metric on asset.record_id = metric.record_id
    left join tag on asset.record_id = tag.record_id
    where
        not asset.has_partition
        and (
            metric.record_id is not null
            or (asset.is_current and tag.record_id is not null)
        )
)

select * from excluded_subject

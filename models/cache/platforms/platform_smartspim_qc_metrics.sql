-- Grain: one row per derived SmartSPIM asset, standard metric and channel that it names.

with asset as (
    select * from {{ ref('int_spim_assets') }}
    where
        not is_raw
        and not is_exaspim
),

metric as (
    select
        latest.record_id,
        latest.metric_index,
        trim(latest.metric_name) as metric_name,
        latest.stage,
        metric_value.value,
        latest.status,
        latest.evaluator,
        latest.evaluated_text,
        concat_ws(' ', latest.metric_name, latest.reference, latest.tags_json) as words
    from {{ ref('int_qc_metrics_latest') }} as latest
    inner join {{ ref('stg_docdb__qc_spim_values') }} as metric_value
        on
            latest.record_id = metric_value.record_id
            and latest.metric_index = metric_value.metric_position
    where not latest.is_curation
),

channel as (
    select distinct channel from {{ ref('stg_objects__channels') }}
),

named_channel as (
    select
        record_id,
        metric_index,
        regexp_extract(metric_name, '^(.*\S)\s+brightness$', 1) as channel
    from metric
    where metric_name like '% brightness'

    union all

    select
        metric.record_id,
        metric.metric_index,
        channel.channel
    from metric
    -- As a whole word: `Ex_488` is not named by `Ex_488_Em_525`.
    inner join channel
        on
            regexp_matches(
                metric.words,
                '(^|[^A-Za-z0-9_])' || regexp_escape(channel.channel) || '($|[^A-Za-z0-9_])'
            )
    where metric.metric_name not like '% brightness'
),

asset_metric as (
    select
        asset.subject_id,
        asset.name,
        metric.metric_name,
        named_channel.channel,
        metric.stage,
        metric.value,
        metric.status,
        metric.evaluator,
        metric.evaluated_text as status_timestamp,
        cast(metric.metric_index as integer) as metric_index,
        asset.record_id as asset_id
    from asset
    inner join metric on asset.record_id = metric.record_id
    left join named_channel
        on
            metric.record_id = named_channel.record_id
            and metric.metric_index = named_channel.metric_index
)

select * from asset_metric

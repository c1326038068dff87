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

subjectless_metrics as (
    select
        metric.record_id,
        'quality_control' as table_name,
        'subject_id' as column_name,
        'subject.subject_id' as path,
        'no subject' as problem,
        concat(count(*), ' metrics') as value
    from {{ ref('int_qc_metrics_latest') }} as metric
    inner join asset on metric.record_id = asset.record_id
    where
        not metric.is_curation
        and coalesce(asset.subject_id, '') = ''
    group by all
),

-- Of a key that stands several times the last counts.
earlier_status as (
    select * from {{ ref('stg_docdb__qc_statuses') }}
    qualify row_number() over (partition by record_id, tag order by position desc) > 1
),

repeated_status as (
    select
        record_id,
        'qc_tag_status' as table_name,
        'status' as column_name,
        concat('quality_control.status.', tag) as path,
        'key stands twice' as problem,
        string_agg(coalesce(status, 'null'), ', ' order by position) as value
    from earlier_status
    group by all
),

idle_patch_cord as (
    select
        cord.record_id,
        'platform_fib' as table_name,
        'channel' as column_name,
        cord.path,
        if(connected.fiber is null, 'not connected to an implanted fiber', 'no channels')
            as problem,
        cord.patch_cord_name as value
    from {{ ref('stg_docdb__patch_cords') }} as cord
    left join {{ ref('int_fibers_connected') }} as connected
        on
            cord.record_id = connected.record_id
            and cord.stream_position = connected.stream_position
            and cord.patch_cord_name = connected.patch_cord_name
    where
        connected.fiber is null
        or cord.channels_json is null
        or cord.channels_json = '[]'
    group by all
),

nth_channel as (
    select
        connected.record_id,
        connected.stream_position,
        channel.path,
        channel.channel_name,
        row_number() over (
            partition by
                connected.record_id,
                connected.stream_position,
                connected.fiber,
                coalesce(channel.channel_name, '')
            order by
                channel.configuration_position asc,
                channel.patch_cord_position asc,
                channel.position asc
        ) as place
    from {{ ref('int_fibers_connected') }} as connected
    inner join {{ ref('stg_docdb__patch_cord_channels') }} as channel
        on
            connected.record_id = channel.record_id
            and connected.stream_position = channel.stream_position
            and connected.patch_cord_name = channel.patch_cord_name
),

-- A later stream may repeat a channel, but not a stream its own.
repeated_channel as (
    select
        record_id,
        'platform_fib' as table_name,
        'channel' as column_name,
        path,
        'channel stands twice' as problem,
        channel_name as value
    from nth_channel
    where place > 1
    group by all
),

circular as (
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

superseded as (
    select
        record_id,
        'asset_basics' as table_name,
        '_id' as column_name,
        concat('document ', position + 1, ' of the source') as path,
        'newer document with this _id' as problem,
        last_modified as value
    from {{ ref('stg_docdb__duplicate_documents') }}
),

rejected as (
    select
        cast(null as varchar) as record_id,
        'asset_basics' as table_name,
        '_id' as column_name,
        concat_ws(':', file, line) as path,
        concat('unusable document: ', reason) as problem,
        -- A document that is no text shows its bytes.
        coalesce(try(decode(document)), cast(document as varchar)) as value
    from {{ ref('stg_docdb__rejects') }}
    where not starts_with(reason, 'repaired: ')
),

-- A document that is in the lake, but for a value that JSON cannot hold: it is known by its _id.
repaired as (
    select
        asset.record_id,
        'asset_basics' as table_name,
        '_id' as column_name,
        if(asset.record_id is null, reject.file, 'the document') as path,
        'repaired' as problem,
        substr(reject.reason, len('repaired: ') + 1) as value
    from {{ ref('stg_docdb__rejects') }} as reject
    left join asset on reject.file = asset.record_id
    where starts_with(reject.reason, 'repaired: ')
),

gathered as (
    select * from impossible_age
    union all
    select * from nameless_asset
    union all
    select * from subjectless_metrics
    union all
    select * from repeated_status
    union all
    select * from idle_patch_cord
    union all
    select * from repeated_channel
    union all
    select * from circular
    union all
    select * from superseded
    union all
    select * from rejected
    union all
    select * from repaired
)

select * from gathered

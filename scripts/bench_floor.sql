-- The floor of a build: its heavy outputs by hand, in one process, from the lake of the variable
-- `lake` into the folder that the process runs in. No names, times and statuses are repaired here,
-- nothing is tested, and a partition's file keeps the name that DuckDB gives it.

set TimeZone = 'UTC';
set enable_progress_bar = false;

create table newest as
select _id, extracted_at, position
from read_parquet(getvariable('lake'), hive_partitioning = false)
qualify row_number() over (
    partition by _id order by extracted_at desc, _last_modified desc, position desc
) = 1 and not is_deleted;

create table record as
select
    lake._id, lake.name, lake.location, lake._created, lake._last_modified,
    from_json(lake.subject, '{
        "subject_id": "VARCHAR",
        "subject_details": {"genotype": "VARCHAR", "date_of_birth": "VARCHAR"}
    }') as subject,
    from_json(lake.data_description, '{
        "project_name": "VARCHAR", "data_level": "VARCHAR", "source_data": ["VARCHAR"],
        "modalities": [{"abbreviation": "VARCHAR"}], "investigators": [{"name": "VARCHAR"}]
    }') as description,
    from_json(lake.acquisition, '{
        "acquisition_start_time": "VARCHAR", "acquisition_end_time": "VARCHAR",
        "acquisition_type": "VARCHAR", "instrument_id": "VARCHAR", "experimenters": ["VARCHAR"]
    }') as acquisition,
    from_json(lake.processing, '{
        "data_processes": [{"start_date_time": "VARCHAR"}], "pipelines": [{"name": "VARCHAR"}]
    }') as processing,
    from_json(lake.other_identifiers, '{"Code Ocean": ["VARCHAR"]}') as identifiers
from read_parquet(getvariable('lake'), hive_partitioning = false) as lake
semi join newest using (_id, extracted_at, position);

create table asset as
select
    _id, _last_modified, name,
    list_transform(description.modalities, lambda each: each.abbreviation) as modalities,
    description.project_name, description.data_level, subject.subject_id,
    subject.subject_details.genotype,
    acquisition.acquisition_start_time, acquisition.acquisition_end_time,
    acquisition.acquisition_type, acquisition.instrument_id,
    identifiers['Code Ocean'] as code_ocean,
    left(processing.data_processes[-1].start_date_time, 10) as process_date,
    date_diff(
        'day',
        try_cast(subject.subject_details.date_of_birth as date),
        try_cast(left(acquisition.acquisition_start_time, 10) as date)
    ) as age,
    rtrim(location, '/') as location,
    acquisition.experimenters,
    list_transform(description.investigators, lambda each: each.name) as investigators,
    lower(regexp_replace(acquisition.instrument_id, '[_-]', '', 'g')) as instrument_id_normalized,
    _created as created,
    try_cast(_last_modified as timestamptz) as modified_at,
    try_cast(acquisition.acquisition_start_time as timestamptz) as timestamp,
    description.source_data
from record
order by name nulls last, _id;

copy (select * exclude (modified_at, timestamp, source_data) from asset)
to 'asset_basics.pqt' (format parquet, compression zstd);

create table metric as
with section as (
    select
        lake._id,
        from_json(lake.quality_control, '{"metrics": ["JSON"]}').metrics as metrics
    from read_parquet(getvariable('lake'), hive_partitioning = false) as lake
    semi join newest using (_id, extracted_at, position)
),

element as (
    select _id, unnest(metrics) as element, unnest(range(len(metrics))) as metric_index
    from section
),

parsed as (
    select
        _id, metric_index,
        from_json(element, '{
            "name": "VARCHAR", "stage": "VARCHAR", "modality": "JSON", "value": "JSON",
            "status_history": [
                {"status": "VARCHAR", "evaluator": "VARCHAR", "timestamp": "VARCHAR"}
            ],
            "description": "VARCHAR", "reference": "VARCHAR", "tags": "JSON",
            "object_type": "VARCHAR"
        }') as metric
    from element
)

select
    _id, metric_index, metric.name as metric_name, metric.stage,
    metric.modality ->> 'abbreviation' as modality,
    cast(metric.value as varchar) as value,
    metric.status_history[-1].status as status,
    metric.status_history[-1].evaluator as status_evaluator,
    try_cast(metric.status_history[-1].timestamp as timestamptz) as evaluated_at,
    metric.description, metric.reference, cast(metric.tags as varchar) as tags, metric.object_type
from parsed
where metric.object_type is distinct from 'Curation metric';

create table tag as
select lake._id, unnest(map_entries(
    from_json(lake.quality_control, '{"status": "MAP(VARCHAR, VARCHAR)"}').status
), recursive := true)
from read_parquet(getvariable('lake'), hive_partitioning = false) as lake
semi join newest using (_id, extracted_at, position);

create table current as
select * from asset
where name is not null
qualify row_number() over (partition by name order by modified_at desc, _id) = 1;

create table quality_control as
select metric.* exclude (_id), asset.name, asset.subject_id, asset.timestamp, asset._id as asset_id
from metric inner join asset using (_id)
where asset.subject_id != ''
order by asset.subject_id, asset.name, asset._id, metric_index;

create table qc_tag_status as
select tag.key as tag, tag.value as status, current.name, current.subject_id, current.timestamp
from tag inner join current using (_id)
where current.subject_id != ''
order by current.subject_id, current.name, tag.key;

-- As our reader opens them, and as hive partitions; on one thread, so that each is one file.
copy quality_control to 'quality_control.pqt' (
    format parquet, compression zstd, row_group_size 10240
);
copy qc_tag_status to 'qc_tag_status.pqt' (format parquet, compression zstd, row_group_size 10240);
set threads = 1;
copy quality_control to 'qc' (
    format parquet, compression zstd, partition_by (subject_id), write_partition_columns true
);
copy qc_tag_status to 'qc_tag_status' (
    format parquet, compression zstd, partition_by (subject_id), write_partition_columns true
);
reset threads;

copy (
    select
        current.name, count(*) as metric_count,
        count(*) filter (status = 'Pass') as pass_count,
        count(*) filter (status = 'Fail') as fail_count,
        count(*) filter (status = 'Pending') as pending_count,
        max(evaluated_at) as last_evaluated_at
    from metric inner join current using (_id)
    group by all
    order by current.name
) to 'qc_status.pqt' (format parquet, compression zstd);

create table edge as
select name, unnest(source_data) as source_name
from current
where data_level = 'derived';

copy (select * from edge order by all) to 'source_data.pqt' (format parquet, compression zstd);

copy (
    with recursive walk as (
        select name, source_name as ancestor, 1 as depth from edge
        union
        select walk.name, edge.source_name, depth + 1
        from walk inner join edge on walk.ancestor = edge.name
        where depth < 20
    )

    select walk.name, min_by(current.name, depth) as root
    from walk
    left join current
        on walk.ancestor = current.name and current.data_level is distinct from 'derived'
    group by all
    order by all
) to 'asset_lineage.pqt' (format parquet, compression zstd);

-- Heavy tables that came after the first ones: judgements, data processes, devices, whole records.
copy (
    with section as (
        select
            lake._id,
            from_json(lake.processing, '{"data_processes": ["JSON"]}').data_processes as processes
        from read_parquet(getvariable('lake'), hive_partitioning = false) as lake
        semi join newest using (_id, extracted_at, position)
    ),

    element as (
        select _id, unnest(processes) as element, unnest(range(len(processes))) as step_index
        from section
    ),

    parsed as (
        select
            _id, step_index,
            from_json(element, '{
                "process_type": "VARCHAR", "name": "VARCHAR", "stage": "VARCHAR",
                "start_date_time": "VARCHAR", "end_date_time": "VARCHAR",
                "pipeline_name": "VARCHAR", "output_path": "VARCHAR", "notes": "VARCHAR",
                "experimenters": ["VARCHAR"],
                "code": {
                    "url": "VARCHAR", "name": "VARCHAR", "version": "VARCHAR",
                    "commit_hash": "VARCHAR", "container": "JSON", "parameters": "JSON"
                }
            }') as process
        from element
    ),

    step as (
        select _id, step_index, process.* from parsed
    )

    select
        current.name as asset_name, step.* exclude (_id, code), code.*,
        try_cast(step.start_date_time as timestamptz) as start_at,
        try_cast(step.end_date_time as timestamptz) as end_at
    from step inner join current using (_id)
    order by current.name, step_index
) to 'processing_steps.pqt' (format parquet, compression zstd);

copy (
    with section as (
        select
            lake._id,
            from_json(lake.acquisition, '{"data_streams": [{"configurations": ["JSON"]}]}')
                .data_streams as streams
        from read_parquet(getvariable('lake'), hive_partitioning = false) as lake
        semi join newest using (_id, extracted_at, position)
    ),

    stream as (
        select _id, unnest(streams).configurations as configurations,
            unnest(range(len(streams))) as stream_index
        from section
    ),

    device as (
        select _id, stream_index, unnest(configurations) as details from stream
    )

    select
        current.name as asset_name, stream_index,
        details ->> 'device_name' as device_name, details ->> 'object_type' as device_kind,
        cast(details as varchar) as details
    from device inner join current using (_id)
    order by current.name, stream_index, device_name
) to 'acquisition_devices.pqt' (format parquet, compression zstd);

create table judgement as
with section as (
    select
        lake._id,
        from_json(lake.quality_control, '{"metrics": [{
            "name": "VARCHAR",
            "status_history": [
                {"status": "VARCHAR", "evaluator": "VARCHAR", "timestamp": "VARCHAR"}
            ]
        }]}').metrics as metrics
    from read_parquet(getvariable('lake'), hive_partitioning = false) as lake
    semi join newest using (_id, extracted_at, position)
),

metric_of_record as (
    select _id, unnest(metrics) as metric, unnest(range(len(metrics))) as metric_index from section
),

evaluation as (
    select
        _id, metric_index, metric.name as metric_name,
        unnest(metric.status_history) as evaluation,
        unnest(range(len(metric.status_history))) as judgement_index
    from metric_of_record
)

select
    asset.subject_id, asset.name as asset_name, metric_index, judgement_index, metric_name,
    evaluation.status, evaluation.evaluator,
    try_cast(evaluation.timestamp as timestamptz) as evaluated_at
from evaluation inner join asset using (_id)
where asset.subject_id != ''
order by asset.subject_id, asset.name, asset._id, metric_index, judgement_index;

copy judgement to 'quality_control_history.pqt' (
    format parquet, compression zstd, row_group_size 10240
);
set threads = 1;
copy judgement to 'quality_control_history' (
    format parquet, compression zstd, partition_by (subject_id), write_partition_columns true
);
reset threads;

-- Unsorted, and all in one file.
copy (
    select lake.* exclude (run, extracted_at, source, position, bucket, content_hash, is_deleted)
    from read_parquet(getvariable('lake'), hive_partitioning = false) as lake
    semi join newest using (_id, extracted_at, position)
) to 'records.pqt' (format parquet, compression zstd, row_group_size 2048);

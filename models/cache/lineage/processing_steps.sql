-- Grain: one row per asset name and data process.

with asset as (
    select * from {{ ref('int_assets_joined') }}
    where is_current
),

process as (
    select
        *,
        {{ parse_timestamp('start_date_time') }} as start_at,
        {{ parse_timestamp('end_date_time') }} as end_at
    from {{ ref('stg_docdb__data_processes') }}
    where is_usable
),

-- A record names its pipelines once, each with its version.
pipeline as (
    select
        record_id,
        pipeline_name,
        pipeline_version
    from {{ ref('stg_docdb__pipelines') }}
    where pipeline_name is not null
    qualify row_number() over (partition by record_id, pipeline_name order by position) = 1
),

-- Older records do not have it for each process: there is nothing else that it can be a part of.
only_pipeline as (
    select
        record_id,
        min(pipeline_name) as pipeline_name
    from pipeline
    group by all
    having count(*) = 1
),

experimenter as (
    select
        record_id,
        process_position,
        {{ list_in_order('person_name', 'position') }} as experimenters
    from {{ ref('stg_docdb__process_experimenters') }}
    where person_name is not null
    group by all
),

step as (
    select
        process.*,
        coalesce(process.pipeline_name, only_pipeline.pipeline_name) as named_pipeline,
        coalesce(process.end_at, process.start_at) as ended_at
    from process
    left join only_pipeline on process.record_id = only_pipeline.record_id
),

-- Ranked without what else a step says: parameters are long.
last_step as (
    select
        record_id,
        arg_max(position, row(ended_at, position)) as position
    from step
    where ended_at is not null
    group by all
)

select
    asset.name as asset_name,
    cast(step.position as integer) as step_index,
    step.process_type,
    step.process_name as name,
    step.stage,
    step.start_date_time as start_time,
    step.end_date_time as end_time,
    step.start_at,
    step.end_at,
    date_diff('microsecond', step.start_at, step.end_at) / 1e6 as duration_s,
    coalesce(step.position = last_step.position, false) as is_last,
    code.code_url,
    code.code_name,
    code.code_version,
    code.commit_hash,
    nullif(
        concat_ws(':', nullif(code.container_uri, ''), nullif(code.container_tag, '')), ''
    ) as container,
    step.named_pipeline as pipeline_name,
    pipeline.pipeline_version,
    coalesce(experimenter.experimenters, []) as experimenters,
    step.output_path,
    code.parameters,
    step.notes
from asset
inner join step on asset.record_id = step.record_id
left join {{ ref('stg_docdb__process_codes') }} as code
    on
        step.record_id = code.record_id
        and step.position = code.position
left join pipeline
    on
        step.record_id = pipeline.record_id
        and step.named_pipeline = pipeline.pipeline_name
left join experimenter
    on
        step.record_id = experimenter.record_id
        and step.position = experimenter.process_position
left join last_step on step.record_id = last_step.record_id

-- Grain: one row per record, with all that describes its asset.

with record as (
    select * from {{ ref('stg_docdb__identities') }}
),

modality as (
    select
        record_id,
        {{ list_in_order('abbreviation', 'position') }} as modalities
    from {{ ref('stg_docdb__modalities') }}
    where abbreviation is not null
    group by all
),

code_ocean as (
    select
        record_id,
        {{ list_in_order('identifier', 'position') }} as code_ocean
    from {{ ref('stg_docdb__code_ocean_ids') }}
    where identifier != ''
    group by all
),

last_process as (
    select
        record_id,
        start_date_time as process_start_time,
        end_date_time as process_end_time
    from {{ ref('stg_docdb__data_processes') }}
    qualify row_number() over (partition by record_id order by position desc) = 1
),

first_pipeline as (
    select
        record_id,
        pipeline_name
    from {{ ref('stg_docdb__pipelines') }}
    qualify row_number() over (partition by record_id order by position) = 1
),

described_record as (
    select
        record.record_id,
        record.name,
        record.last_modified,
        {{ parse_timestamp('record.last_modified') }} as last_modified_at,
        record.created,
        nullif(rtrim(record.location, '/'), '') as location,
        subject.subject_id,
        subject.genotype,
        description.project_name,
        description.data_level,
        description.institution_abbreviation,
        coalesce(modality.modalities, []) as modalities,
        code_ocean.code_ocean,
        acquisition.acquisition_start_time,
        acquisition.acquisition_end_time,
        acquisition.acquisition_type,
        acquisition.instrument_id,
        last_process.process_start_time,
        last_process.process_end_time,
        first_pipeline.pipeline_name,
        coalesce(
            cast(acquisition.date_of_birth as date),
            make_date(cast(acquisition.year_of_birth as integer), 1, 1),
            cast(subject.date_of_birth as date),
            make_date(cast(subject.year_of_birth as integer), 1, 1)
        ) as birth_date
    from record
    left join {{ ref('stg_docdb__subjects') }} as subject on record.record_id = subject.record_id
    left join {{ ref('stg_docdb__data_descriptions') }} as description
        on record.record_id = description.record_id
    left join {{ ref('stg_docdb__acquisitions') }} as acquisition
        on record.record_id = acquisition.record_id
    left join modality on record.record_id = modality.record_id
    left join code_ocean on record.record_id = code_ocean.record_id
    left join last_process on record.record_id = last_process.record_id
    left join first_pipeline on record.record_id = first_pipeline.record_id
)

select
    *,
    -- An acquisition without any field of its own counts as missing.
    coalesce(
        acquisition_start_time, nullif(acquisition_type, ''), nullif(instrument_id, '')
    ) is not null as has_acquisition,
    left(process_start_time, 10) as process_date,
    date_diff('day', birth_date, cast(left(acquisition_start_time, 10) as date))
        as days_since_birth,
    case when days_since_birth between 0 and 36525 then days_since_birth end as age,
    name is not null
    and row_number() over (
        partition by name
        order by last_modified_at desc nulls last, record_id asc
    ) = 1 as is_current
from described_record

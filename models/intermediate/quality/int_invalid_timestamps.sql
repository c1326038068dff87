-- Grain: one row per record and text that a table needs as a time or date and that is none.

with record as (
    select * from {{ ref('stg_docdb__records') }}
),

acquisition as (
    select * from {{ ref('stg_docdb__acquisitions') }}
),

subject as (
    select * from {{ ref('stg_docdb__subjects') }}
),

last_process as (
    select * from {{ ref('stg_docdb__data_processes') }}
    qualify row_number() over (partition by record_id order by position desc) = 1
),

evaluation as (
    select * from {{ ref('stg_docdb__qc_metric_evaluations') }}
),

iso_timestamp as (
    select
        record_id,
        'asset_basics' as table_name,
        'created' as column_name,
        '_created' as path,
        created as value
    from record
    union all
    select
        record_id,
        'asset_basics' as table_name,
        'acquisition_start_time' as column_name,
        'acquisition.acquisition_start_time' as path,
        acquisition_start_time as value
    from acquisition
    union all
    select
        record_id,
        'asset_basics' as table_name,
        'acquisition_end_time' as column_name,
        'acquisition.acquisition_end_time' as path,
        acquisition_end_time as value
    from acquisition
    union all
    select
        record_id,
        'asset_basics' as table_name,
        'process_date' as column_name,
        concat('processing.data_processes[', position, '].start_date_time') as path,
        start_date_time as value
    from last_process
    union all
    select
        record_id,
        'time_to_qc' as table_name,
        'process_end_time' as column_name,
        concat('processing.data_processes[', position, '].end_date_time') as path,
        end_date_time as value
    from last_process
    union all
    select
        record_id,
        'quality_control' as table_name,
        'status_timestamp' as column_name,
        concat(
            'quality_control.metrics[', metric_position, '].status_history[', position,
            '].timestamp'
        ) as path,
        evaluation_time as value
    from evaluation
),

date_text as (
    select
        record_id,
        'acquisition.subject_details.date_of_birth' as path,
        date_of_birth as value
    from acquisition
    union all
    select
        record_id,
        'subject.subject_details.date_of_birth' as path,
        date_of_birth as value
    from subject
),

year_text as (
    select
        record_id,
        'acquisition.subject_details.year_of_birth' as path,
        year_of_birth as value
    from acquisition
    union all
    select
        record_id,
        'subject.subject_details.year_of_birth' as path,
        year_of_birth as value
    from subject
),

asset as (
    select * from {{ ref('int_assets_joined') }}
),

judged as (
    select
        record_id,
        table_name,
        column_name,
        path,
        'not a time' as problem,
        value
    from iso_timestamp
    where
        value != ''
        and {{ parse_timestamp('value') }} is null
    union all
    select
        record_id,
        'asset_basics' as table_name,
        'age' as column_name,
        path,
        'not a date' as problem,
        value
    from date_text
    where
        value != ''
        and {{ parse_date('value') }} is null
    union all
    select
        record_id,
        'asset_basics' as table_name,
        'age' as column_name,
        path,
        'not a year of birth' as problem,
        value
    from year_text
    where
        value != ''
        and {{ parse_birth_year('value') }} is null
    union all
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
)

select * from judged

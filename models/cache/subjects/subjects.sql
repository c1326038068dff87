-- Grain: one row per subject.

with fact as (
    select * from {{ ref('int_subject_facts') }}
),

asset as (
    select
        subject_id,
        nullif(project_name, '') as project_name,
        modalities,
        coalesce(data_level = 'raw', false) as is_raw,
        {{ parse_timestamp('acquisition_start_time') }} as acquisition_start_at
    from {{ ref('int_assets_joined') }}
    where is_current
),

modality as (
    select distinct
        subject_id,
        unnest(modalities) as modality
    from asset
),

modalities_of_subject as (
    select
        subject_id,
        list(modality order by modality) as modalities
    from modality
    group by all
),

counted_asset as (
    select
        subject_id,
        list(distinct project_name order by project_name) filter (where project_name is not null)
            as project_names,
        count(*) as asset_count,
        count(*) filter (where is_raw) as raw_count,
        min(acquisition_start_at) as first_acquisition_at,
        max(acquisition_start_at) as last_acquisition_at
    from asset
    group by all
),

subject as (
    select
        fact.subject_id,
        fact.species,
        fact.sex,
        fact.date_of_birth,
        cast(fact.year_of_birth as integer) as year_of_birth,
        fact.genotype,
        fact.strain,
        coalesce(fact.alleles, []) as alleles,
        fact.source,
        fact.rrid,
        fact.housing,
        coalesce(counted_asset.project_names, []) as project_names,
        coalesce(modalities_of_subject.modalities, []) as modalities,
        cast(coalesce(counted_asset.asset_count, 0) as integer) as asset_count,
        cast(coalesce(counted_asset.raw_count, 0) as integer) as raw_count,
        counted_asset.first_acquisition_at,
        counted_asset.last_acquisition_at,
        cast(fact.record_count as integer) as record_count
    from fact
    left join counted_asset on fact.subject_id = counted_asset.subject_id
    left join modalities_of_subject on fact.subject_id = modalities_of_subject.subject_id
)

select * from subject

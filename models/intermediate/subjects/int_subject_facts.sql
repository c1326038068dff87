-- Grain: one row per subject; each fact from the newest record that has it.

with subject_record as (
    select * from {{ ref('int_subject_records') }}
),

-- The lowest rank that has a fact: NULLs do not count.
fact as (
    select
        subject_id,
        arg_min(species, record_rank) as species,
        arg_min(sex, record_rank) as sex,
        arg_min(date_of_birth, record_rank) as date_of_birth,
        arg_min(coalesce(birth_year, year(date_of_birth)), record_rank) as year_of_birth,
        arg_min(genotype, record_rank) as genotype,
        arg_min(strain, record_rank) as strain,
        arg_min(alleles, record_rank) as alleles,
        arg_min(source, record_rank) as source,
        arg_min(rrid, record_rank) as rrid,
        arg_min(housing_json, record_rank) as housing,
        count(*) as record_count
    from subject_record
    group by all
)

select * from fact

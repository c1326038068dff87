-- Grain: one row per subject; each fact from the newest record that has it.

with subject_record as (
    select * from {{ ref('int_subject_records') }}
),

-- The smallest place that has a fact: NULLs do not count.
fact as (
    select
        subject_id,
        arg_min(species, place) as species,
        arg_min(sex, place) as sex,
        arg_min(birth_date, place) as date_of_birth,
        arg_min(coalesce(birth_year, year(birth_date)), place) as year_of_birth,
        arg_min(genotype, place) as genotype,
        arg_min(strain, place) as strain,
        arg_min(alleles, place) as alleles,
        arg_min(source, place) as source,
        arg_min(rrid, place) as rrid,
        arg_min(housing_json, place) as housing,
        count(*) as record_count
    from subject_record
    group by all
)

select * from fact

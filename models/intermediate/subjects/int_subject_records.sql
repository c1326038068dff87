-- Grain: one row per record that names a subject, with its rank among those of the subject.

with asset as (
    select * from {{ ref('int_assets_joined') }}
    where subject_id != ''
),

allele as (
    select
        record_id,
        {{ list_in_order('allele_name', 'position') }} as alleles
    from {{ ref('stg_docdb__alleles') }}
    where allele_name != ''
    group by all
),

subject_record as (
    select
        asset.subject_id,
        asset.record_id,
        asset.name,
        nullif(subject.species, '') as species,
        nullif(subject.sex, '') as sex,
        cast(subject.date_of_birth as date) as date_of_birth,
        cast(subject.year_of_birth as integer) as birth_year,
        nullif(subject.genotype, '') as genotype,
        nullif(subject.strain, '') as strain,
        allele.alleles,
        nullif(subject.source, '') as source,
        nullif(subject.rrid, '') as rrid,
        subject.housing_json,
        row_number() over (
            partition by asset.subject_id
            order by asset.last_modified_at desc nulls last, asset.record_id asc
        ) as record_rank
    from asset
    inner join {{ ref('stg_docdb__subjects') }} as subject
        on asset.record_id = subject.record_id
    left join allele on asset.record_id = allele.record_id
)

select * from subject_record

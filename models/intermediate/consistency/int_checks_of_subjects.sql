-- Grain: one row per record that contradicts the newest record of its subject.

with subject_record as (
    select * from {{ ref('int_subject_records') }}
),

fact as (
    select * from {{ ref('int_subject_facts') }}
),

compared_fact as (
    select
        subject_record.record_id,
        subject_record.name,
        unnest([
            struct_pack(fact := 'species', own := subject_record.species, newest := fact.species),
            struct_pack(fact := 'sex', own := subject_record.sex, newest := fact.sex),
            struct_pack(
                fact := 'date_of_birth',
                own := cast(subject_record.date_of_birth as varchar),
                newest := cast(fact.date_of_birth as varchar)
            ),
            struct_pack(
                fact := 'genotype', own := subject_record.genotype, newest := fact.genotype
            ),
            struct_pack(fact := 'strain', own := subject_record.strain, newest := fact.strain),
            struct_pack(
                fact := 'alleles',
                own := array_to_string(subject_record.alleles, ', '),
                newest := array_to_string(fact.alleles, ', ')
            ),
            struct_pack(fact := 'source', own := subject_record.source, newest := fact.source),
            struct_pack(fact := 'rrid', own := subject_record.rrid, newest := fact.rrid)
        ]) as facts
    from subject_record
    inner join fact on subject_record.subject_id = fact.subject_id
),

failed_check as (
    select
        'subject_facts_differ' as "check",
        record_id,
        name,
        string_agg(
            concat(facts.fact, ' ', facts.own, ', newest ', facts.newest), '; ' order by facts.fact
        ) as detail
    from compared_fact
    -- A missing value is no contradiction.
    where facts.own != facts.newest
    group by all
)

select * from failed_check

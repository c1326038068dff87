-- Grain: one row per record that says something else of its subject than the newest record.

with subject_record as (
    select * from {{ ref('int_subject_records') }}
),

fact as (
    select * from {{ ref('int_subject_facts') }}
),

-- What a record does not say differs from nothing.
compared_record as (
    select
        subject_record.record_id,
        subject_record.name,
        nullif(
            concat_ws(
                '; ',
                {%- for fact in ['species', 'sex', 'genotype', 'strain', 'source', 'rrid'] %}
                if(
                    subject_record.{{ fact }} != fact.{{ fact }},
                    concat(
                        '{{ fact }} ', subject_record.{{ fact }},
                        ', newest ', fact.{{ fact }}
                    ),
                    null
                ),
                {%- endfor %}
                if(
                    subject_record.date_of_birth != fact.date_of_birth,
                    concat(
                        'date_of_birth ', subject_record.date_of_birth, ', newest ', fact.date_of_birth
                    ),
                    null
                ),
                if(
                    subject_record.alleles != fact.alleles,
                    concat(
                        'alleles ', array_to_string(subject_record.alleles, ', '),
                        ', newest ', array_to_string(fact.alleles, ', ')
                    ),
                    null
                )
            ),
            ''
        ) as detail
    from subject_record
    inner join fact on subject_record.subject_id = fact.subject_id
)

select
    'subject_facts_differ' as "check",
    record_id,
    name,
    detail
from compared_record
where detail is not null

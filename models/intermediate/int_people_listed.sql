-- Grain: one row per record that names a person; its people as lists, as written and normalised.

with experimenter as (
    select
        record_id,
        list(name order by position) as experimenters
    from {{ ref('stg_docdb__experimenters') }}
    where name is not null
    group by all
),

investigator as (
    select
        record_id,
        list(name order by position) as investigators
    from {{ ref('stg_docdb__investigators') }}
    where name is not null
    group by all
),

normalized as (
    select
        record_id,
        list(name order by place) filter (where role = 'experimenter')
            as experimenters_normalized,
        list(name order by place) filter (where role = 'investigator')
            as investigators_normalized
    from {{ ref('int_people_named') }}
    group by all
),

joined as (
    select
        record_id,
        coalesce(experimenter.experimenters, []) as experimenters,
        coalesce(normalized.experimenters_normalized, []) as experimenters_normalized,
        coalesce(investigator.investigators, []) as investigators,
        coalesce(normalized.investigators_normalized, []) as investigators_normalized
    from experimenter
    full join investigator using (record_id)
    full join normalized using (record_id)
)

select * from joined

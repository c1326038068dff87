-- Grain: one row per record that names a person; its people as lists, as written and normalised.

with experimenter as (
    select
        record_id,
        'experimenters' as list_name,
        position,
        person_name
    from {{ ref('stg_docdb__experimenters') }}
    where person_name is not null
),

investigator as (
    select
        record_id,
        'investigators' as list_name,
        position,
        person_name
    from {{ ref('stg_docdb__investigators') }}
    where person_name is not null
),

normalized as (
    select
        record_id,
        concat(role, 's_normalized') as list_name,
        person_position as position,
        person_name
    from {{ ref('int_people_normalized') }}
    where role in ('experimenter', 'investigator')
),

person as (
    select * from experimenter
    union all
    select * from investigator
    union all
    select * from normalized
),

people as (
    select
        record_id,
        {{ list_in_order("person_name", "position", "list_name = 'experimenters'") }}
            as experimenters,
        {{ list_in_order("person_name", "position", "list_name = 'experimenters_normalized'") }}
            as experimenters_normalized,
        {{ list_in_order("person_name", "position", "list_name = 'investigators'") }}
            as investigators,
        {{ list_in_order("person_name", "position", "list_name = 'investigators_normalized'") }}
            as investigators_normalized
    from person
    group by all
),

people_or_none as (
    select
        record_id,
        coalesce(experimenters, []) as experimenters,
        coalesce(experimenters_normalized, []) as experimenters_normalized,
        coalesce(investigators, []) as investigators,
        coalesce(investigators_normalized, []) as investigators_normalized
    from people
)

select * from people_or_none

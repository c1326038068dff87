-- Grain: one row per record, role, list and person, in the order of the record, under one spelling.

with person as (
    select * from {{ ref('int_people_spelled') }}
),

counted_person as (
    select
        *,
        count(*) filter (where is_full_name) over (
            partition by record_id, role, list_index, first_word
        ) as full_names_in_list
    from person
),

kept_person as (
    select * from counted_person
    -- `Jane` beside one `Jane Doe` in the same list is the same person.
    where is_full_name or full_names_in_list != 1
),

full_name as (
    select
        first_word,
        min(person_name) as person_name
    from kept_person
    where
        is_full_name
        -- Full names in other roles do not complete a first name.
        and role in ('experimenter', 'investigator')
    group by all
    having count(distinct person_name) = 1
),

completed_person as (
    select
        kept_person.record_id,
        kept_person.role,
        kept_person.list_index,
        kept_person.position,
        kept_person.name_position,
        coalesce(full_name.person_name, kept_person.person_name) as person_name
    from kept_person
    left join full_name
        on
            not kept_person.is_full_name
            and kept_person.first_word = full_name.first_word
)

select
    record_id,
    role,
    list_index,
    row_number() over (
        partition by record_id, role, list_index
        order by position, name_position
    ) as person_position,
    person_name
from completed_person

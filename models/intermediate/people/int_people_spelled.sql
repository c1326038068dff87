-- Grain: one row per record, role, list and person, with the name as each record spells it.

with entry as (
    select * from {{ ref('int_people_entries') }}
    where not is_name_in_letters
),

name_part as (
    select
        record_id,
        role,
        list_index,
        position,
        unnest(string_split(person_name, ',')) as part,
        unnest(range(len(string_split(person_name, ',')))) as name_position
    from entry
),

spelled_name as (
    select
        record_id,
        role,
        list_index,
        position,
        name_position,
        {{ person_name('part') }} as person_name
    from name_part
)

select
    record_id,
    role,
    list_index,
    position,
    name_position,
    person_name,
    split_part(person_name, ' ', 1) as first_word,
    contains(person_name, ' ') as is_full_name
from spelled_name
where person_name != ''
-- Of two spellings of the same person, the first is kept.
qualify row_number() over (
    partition by record_id, role, list_index, lower(replace(person_name, ' ', ''))
    order by position, name_position
) = 1

-- Grain: one row per record, role, list and person, with the name as each record spells it.

with experimenter as (
    select
        record_id,
        'experimenter' as role,
        0 as list_index,
        position,
        person_name
    from {{ ref('stg_docdb__experimenters') }}
),

investigator as (
    select
        record_id,
        'investigator' as role,
        0 as list_index,
        position,
        person_name
    from {{ ref('stg_docdb__investigators') }}
),

-- Each procedure has its own list; one record per subject is used.
procedure_experimenter as (
    select
        person.record_id,
        concat(person.kind, ' procedure') as role,
        person.procedure_position as list_index,
        person.position,
        person.person_name
    from {{ ref('stg_docdb__procedure_experimenters') }} as person
    inner join {{ ref('int_procedure_records') }} as procedure_record
        on person.record_id = procedure_record.record_id
),

entry as (
    select * from experimenter
    union all
    select * from investigator
    union all
    select * from procedure_experimenter
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

-- Grain: one row per record, role, list and person, in the order of the record, under one spelling.

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
        unnest(range(len(string_split(person_name, ',')))) as part_position
    from entry
),

spelled_name as (
    select
        record_id,
        role,
        list_index,
        position,
        part_position,
        {{ person_name('part') }} as person_name
    from name_part
),

person as (
    select
        record_id,
        role,
        list_index,
        position,
        part_position,
        person_name,
        split_part(person_name, ' ', 1) as first_word,
        contains(person_name, ' ') as is_full_name
    from spelled_name
    where person_name != ''
    -- Of two spellings of the same person, the first is kept.
    qualify row_number() over (
        partition by record_id, role, list_index, lower(replace(person_name, ' ', ''))
        order by position, part_position
    ) = 1
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
        kept_person.part_position,
        coalesce(full_name.person_name, kept_person.person_name) as person_name
    from kept_person
    left join full_name
        on
            not kept_person.is_full_name
            and kept_person.first_word = full_name.first_word
),

listed_person as (
    select
        record_id,
        role,
        list_index,
        row_number() over (
            partition by record_id, role, list_index
            order by position, part_position
        ) as place,
        person_name
    from completed_person
)

select * from listed_person

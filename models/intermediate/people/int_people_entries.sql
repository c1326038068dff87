-- Grain: one row per record, role, list and entry, as the record writes it.

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

trimmed_entry as (
    select
        *,
        {{ trimmed('person_name') }} as letters
    from entry
    where person_name is not null
),

-- Four entries or more, each one letter, are a name that was taken apart; blank ones count as none.
marked_entry as (
    select
        record_id,
        role,
        list_index,
        position,
        person_name,
        count(nullif(letters, '')) over (partition by record_id, role, list_index) >= 4
        and bool_and(regexp_full_match(letters, '(\p{L}\p{M}*)?')) over (
            partition by record_id, role, list_index
        ) as is_name_in_letters
    from trimmed_entry
)

select * from marked_entry

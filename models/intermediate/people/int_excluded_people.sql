-- Grain: one row per list of people that is no list of names.

with entry as (
    select * from {{ ref('int_people_entries') }}
    where is_name_in_letters
),

name_in_letters as (
    select
        record_id,
        if(ends_with(role, 'procedure'), 'procedures', 'asset_basics') as table_name,
        if(role = 'investigator', 'investigators_normalized', 'experimenters_normalized')
            as column_name,
        case role
            when 'experimenter' then 'acquisition.experimenters'
            when 'investigator' then 'data_description.investigators'
            else
                concat('procedures.', replace(role, ' ', '_'), 's[', list_index, '].experimenters')
        end as path,
        'a name in letters' as problem,
        string_agg(person_name, ', ' order by position) as value
    from entry
    group by record_id, role, list_index
)

select * from name_in_letters

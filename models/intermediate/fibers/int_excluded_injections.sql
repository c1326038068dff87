-- Grain: one row per brain injection of a graduated mouse whose structure is not known.

with mouse as (
    select * from {{ ref('int_graduated_mice') }}
),

material as (
    select
        record_id,
        surgery_position,
        injection_position,
        string_agg(coalesce(material_name, virus_tars_id), ', ' order by position) as names
    from {{ ref('stg_docdb__injection_materials') }}
    group by all
),

unplaced_injection as (
    select
        injection.record_id,
        'scientist_rl_fib' as table_name,
        'targeted_structure' as column_name,
        concat(injection.path, '.targeted_structure') as path,
        'no structure to pair with' as problem,
        nullif(
            concat_ws(': ', nullif(injection.targeted_structure, ''), material.names), ''
        ) as value
    from {{ ref('stg_docdb__injections') }} as injection
    inner join mouse on injection.record_id = mouse.record_id
    left join material
        on
            injection.record_id = material.record_id
            and injection.surgery_position = material.surgery_position
            and injection.position = material.injection_position
    where
        injection.object_type = 'Brain injection'
        and coalesce(injection.targeted_structure, '') in ('', 'root')
)

select * from unplaced_injection

-- Grain: one row per targeted structure, coordinates and indicator.

with mouse as (
    select * from {{ ref('int_graduated_mice') }}
),

implant as (
    select * from {{ ref('int_implants_placed') }}
    -- An unknown structure pairs with nothing.
    where targeted_structure != 'missing'
),

indicator as (
    select
        record_id,
        targeted_structure,
        {{ material_name('material_name', 'virus_tars_id') }} as indicator
    from {{ ref('stg_docdb__injection_materials') }}
),

mouse_target as (
    select distinct
        implant.targeted_structure,
        implant.coordinates,
        indicator.indicator,
        mouse.mouse_id,
        mouse.session_count
    from mouse
    inner join implant on mouse.record_id = implant.record_id
    inner join indicator
        on
            mouse.record_id = indicator.record_id
            and implant.targeted_structure = indicator.targeted_structure
    where indicator.indicator is not null
),

target as (
    select
        targeted_structure,
        coordinates,
        indicator,
        list(mouse_id order by mouse_id) as mouse_ids,
        cast(count(*) as integer) as mouse_count,
        cast(sum(session_count) as integer) as session_count
    from mouse_target
    group by all
)

select * from target

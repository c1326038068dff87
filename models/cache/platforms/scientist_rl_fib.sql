-- Grain: one row per targeted structure, coordinates and indicator.

with session as (
    select distinct
        asset.record_id,
        coalesce(nullif(asset.subject_id, ''), 'missing') as mouse_id,
        asset.last_modified_at
    from {{ ref('int_assets_joined') }} as asset
    inner join {{ ref('stg_docdb__training_stages') }} as training
        on asset.record_id = training.record_id
    where
        asset.data_level = 'derived'
        and list_has_all(asset.modalities, ['behavior', 'fib'])
        and training.stage_in_use in ('STAGE_FINAL', 'GRADUATED')
),

mouse as (
    select
        mouse_id,
        record_id,
        count(*) over (partition by mouse_id) as session_count
    from session
    -- Each record repeats the procedures of its subject: the newest knows the most.
    qualify row_number() over (
        partition by mouse_id
        order by last_modified_at desc nulls last, record_id asc
    ) = 1
),

implant as (
    select * from {{ ref('int_implants_placed') }}
),

indicator as (
    select
        record_id,
        targeted_structure,
        coalesce(
            -- The upgrader writes a remark where an old record names no material.
            if(material_name like '(v1v2 upgrade) No %', null, nullif(trim(material_name), '')),
            nullif(trim(virus_tars_id), '')
        ) as indicator
    from {{ ref('stg_docdb__injection_materials') }}
),

paired as (
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

summed as (
    select
        targeted_structure,
        coordinates,
        indicator,
        list(mouse_id order by mouse_id) as mouse_ids,
        cast(count(*) as integer) as mouse_count,
        cast(sum(session_count) as integer) as session_count
    from paired
    group by all
)

select * from summed

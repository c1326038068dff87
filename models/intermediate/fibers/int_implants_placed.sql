-- Grain: one row per record and implanted probe, with its coordinates as one text.

with implant as (
    select * from {{ ref('stg_docdb__implants') }}
),

listed as (
    select
        record_id,
        surgery_position,
        implant_position,
        step_position,
        list(coordinate order by position) as numbers
    from {{ ref('stg_docdb__implant_coordinates') }}
    where is_local is not true
    group by all
),

-- A move along the axes of the device itself: its last number is the depth.
local_depth as (
    select
        record_id,
        surgery_position,
        implant_position,
        first(coordinate order by step_position asc, position desc) as depth
    from {{ ref('stg_docdb__implant_coordinates') }}
    where
        is_local
        and coordinate is not null
    group by all
),

-- The first translation with three numbers of the brain and one of the depth, maybe a local one.
translation as (
    select
        listed.*,
        coalesce(listed.numbers[4], local_depth.depth) as depth
    from listed
    left join local_depth
        on
            listed.record_id = local_depth.record_id
            and listed.surgery_position = local_depth.surgery_position
            and listed.implant_position = local_depth.implant_position
    where
        len(listed.numbers) >= 4
        or (len(listed.numbers) = 3 and local_depth.depth is not null)
    qualify row_number() over (
        partition by listed.record_id, listed.surgery_position, listed.implant_position
        order by listed.step_position
    ) = 1
),

joined as (
    select
        implant.record_id,
        implant.surgery_position,
        implant.position as implant_position,
        coalesce(nullif(nullif(implant.targeted_structure, ''), 'root'), 'missing')
            as targeted_structure,
        case
            when translation.record_id is null then 'missing'
            else concat(
                'AP=', coalesce(translation.numbers[1], '?'),
                ', ML=', coalesce(cast(try_cast(translation.numbers[2] as double) as varchar), '?'),
                ', D=', coalesce(translation.depth, '?')
            )
        end as coordinates
    from implant
    left join translation
        on
            implant.record_id = translation.record_id
            and implant.surgery_position = translation.surgery_position
            and implant.position = translation.implant_position
)

select * from joined

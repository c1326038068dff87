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
    group by all
),

-- The first translation with four numbers: three of the brain, one of the depth.
translation as (
    select * from listed
    where len(numbers) >= 4
    qualify row_number() over (
        partition by record_id, surgery_position, implant_position
        order by step_position
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
                ', D=', coalesce(translation.numbers[4], '?')
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

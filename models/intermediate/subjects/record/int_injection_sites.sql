-- Grain: one row per record, injection and site, which has a volume, coordinates or both.

with dynamics as (
    select * from {{ ref('stg_docdb__injection_dynamics') }}
    where is_usable
),

placed_site as (
    select * from {{ ref('stg_docdb__injection_sites') }}
    where is_usable
),

-- Volumes and coordinates stand in two lists, of which one may be longer.
site as (
    select
        record_id,
        surgery_position,
        injection_position,
        position
    from dynamics
    union
    select
        record_id,
        surgery_position,
        injection_position,
        position
    from placed_site
)

select
    site.record_id,
    site.surgery_position,
    site.injection_position,
    site.position,
    target.target_coordinate_ap as coordinate_ap,
    target.target_coordinate_ml as coordinate_ml,
    target.target_coordinate_si as coordinate_si,
    target.target_coordinate_depth as coordinate_depth,
    placed_site.transform_json as transform,
    cast(dynamics.volume as double) as volume,
    dynamics.volume_unit,
    cast(dynamics.injection_rate as double) as injection_rate,
    dynamics.injection_rate_unit,
    cast(dynamics.injection_duration as double) as injection_duration,
    dynamics.injection_duration_unit,
    cast(dynamics.injection_current as double) as injection_current,
    dynamics.injection_current_unit
from site
left join dynamics
    on
        site.record_id = dynamics.record_id
        and site.surgery_position = dynamics.surgery_position
        and site.injection_position = dynamics.injection_position
        and site.position = dynamics.position
left join placed_site
    on
        site.record_id = placed_site.record_id
        and site.surgery_position = placed_site.surgery_position
        and site.injection_position = placed_site.injection_position
        and site.position = placed_site.position
left join {{ ref('int_coordinates') }} as target
    on
        site.record_id = target.record_id
        and target.kind = 'injection'
        and site.surgery_position = target.surgery_position
        and site.injection_position = target.part_position
        and site.position = target.site_position

-- Where was dLight injected, and at which titer?
select subject_id, start_date, targeted_structure, coordinate_ap, coordinate_ml, coordinate_depth,
    material, titer, titer_unit
from injections
where material ilike '%dLight%'
order by subject_id, procedure_index, part_index, dynamics_index;

-- Which photometry sessions followed the injections of a virus?
select injections.subject_id, injections.start_date, injections.targeted_structure, assets.name,
    assets.acquisition_start_at
from injections
inner join assets on injections.subject_id = assets.subject_id
where injections.material ilike '%GCaMP%' and assets.is_raw
    and list_contains(assets.modalities, 'fib')
    and assets.acquisition_start_at >= injections.start_date
order by all;

-- Where are the fibers of each mouse?
select subject_id, device_name, targeted_structure, coordinate_ap, coordinate_ml, coordinate_depth,
    coordinate_unit
from implants
where device_type = 'Fiber probe'
order by subject_id, device_name;

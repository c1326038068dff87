-- Which fibers has nobody found in the image yet?
select subject_id, name, fiber, targeted_structure
from platform_smartspim_fiber_ccf
where ap is null
order by subject_id, name, fiber;

-- Where are the tips of the others, in micrometers from the corner of the volume?
select subject_id, fiber, targeted_structure, ap * 25 as ap_um, dv * 25 as dv_um, ml * 25 as ml_um
from platform_smartspim_fiber_ccf
where ap is not null
order by subject_id, fiber;

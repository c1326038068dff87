-- Which intermediate data may go, because both results are there?
select raw_name, location, flatfield_present, denoised_present
from platform_exaspim_intermediates
where has_intermediates and fused_present and fused_ccf_present
order by raw_name;

-- Which fused assets lack a result?
select raw_name, name, missing_required_folders
from platform_exaspim_intermediates
where len(missing_required_folders) > 0
order by raw_name;

-- How many records lack a core file that they should have?
select count(*) as records,
    count_if(not subject) as without_subject,
    count_if(not acquisition) as without_acquisition,
    count_if(not quality_control) as without_quality_control
from metadata_core;

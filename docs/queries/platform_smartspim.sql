-- Which brains are aligned to the common coordinate framework, with which channels?
select raw_name, institution, list(channel order by channel) as channels,
    any_value(alignment_ccf_link) as link
from platform_smartspim
where alignment_ccf_link is not null
group by raw_name, institution
order by raw_name;

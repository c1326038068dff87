-- How does the efficiency of each animal grow with its sessions?
select subject_id, session, session_date, foraging_eff, finished_rate
from foraging_sessions
where foraging_eff is not null
order by subject_id, session;

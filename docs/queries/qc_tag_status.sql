-- Which tags of a subject are not settled?
select asset_name, tag, status
from qc_tag_status
where subject_id = '600493' and status != 'Pass'
order by asset_name, tag;

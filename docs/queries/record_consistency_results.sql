-- Which records fail most checks?
select name, record_id, count(*) as failed, list(check_key order by check_key) as checks
from record_consistency_results
where status = 'fail'
group by name, record_id
order by failed desc, name, record_id;

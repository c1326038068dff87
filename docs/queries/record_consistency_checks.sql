-- Which part of the records fails each check?
select check_key, check_description, evaluated_count, failed_count,
    round(100 * failed_count / nullif(evaluated_count, 0), 1) as percent
from record_consistency_checks
order by percent desc nulls last, check_key;

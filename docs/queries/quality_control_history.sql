-- Who judged most metrics?
select evaluator, count(*) as judgements, count(distinct asset_id) as assets
from quality_control_history
where evaluator != ''
group by evaluator
order by judgements desc, evaluator;

-- How many judgements were reversed?
select earlier.status as was, later.status as became, count(*) as times
from quality_control_history as earlier
inner join quality_control_history as later
    on later.asset_id = earlier.asset_id and later.metric_index = earlier.metric_index
        and later.judgement_index = earlier.judgement_index + 1
group by was, became
order by times desc, was, became;

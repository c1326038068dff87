-- Grain: one row per record with stimulus epochs.

with epoch as (
    select
        record_id,
        position,
        stimulus_name
    from {{ ref('stg_docdb__stimulus_epochs') }}
    where is_usable
),

epoch_count as (
    select
        record_id,
        count(*) as epoch_count
    from epoch
    group by all
),

stimulus as (
    select
        record_id,
        stimulus_name,
        min(position) as first_position
    from epoch
    where stimulus_name is not null
    group by all
),

stimulus_list as (
    select
        record_id,
        {{ list_in_order('stimulus_name', 'first_position') }} as stimulus_names
    from stimulus
    group by all
),

performance as (
    select
        record_id,
        sum({{ exact_integer(parse_number('trials_total')) }}) as trials_total,
        sum({{ exact_integer(parse_number('trials_finished')) }}) as trials_finished,
        sum({{ exact_integer(parse_number('trials_rewarded')) }}) as trials_rewarded
    from {{ ref('stg_docdb__epoch_performances') }}
    group by all
)

select
    epoch_count.record_id,
    epoch_count.epoch_count,
    coalesce(stimulus_list.stimulus_names, []) as stimulus_names,
    cast(performance.trials_total as bigint) as trials_total,
    cast(performance.trials_finished as bigint) as trials_finished,
    cast(performance.trials_rewarded as bigint) as trials_rewarded
from epoch_count
left join stimulus_list on epoch_count.record_id = stimulus_list.record_id
left join performance on epoch_count.record_id = performance.record_id

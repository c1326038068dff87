-- Grain: one row per record whose acquisition has details of the subject.

{%- set fields = {
    'details.animal_weight_prior': 'number or text',
    'details.animal_weight_post': 'number or text',
    'details.weight_unit': 'text',
    'details.mouse_platform_name': 'text',
    'details.reward_consumed_total': 'number or text',
    'details.reward_consumed_unit': 'text',
} %}

with subject_details as (
    select
        record_id,
        {{ json_known_object(fields, 'details_json', 'details_path', 'details') }} as details
    from {{ ref('stg_docdb__acquisitions') }}
    where details_json is not null
)

select
    record_id,
    {{ read(fields, 'details.animal_weight_prior') }} as animal_weight_prior,
    {{ read(fields, 'details.animal_weight_post') }} as animal_weight_post,
    {{ read(fields, 'details.weight_unit') }} as weight_unit,
    {{ read(fields, 'details.mouse_platform_name') }} as mouse_platform,
    {{ read(fields, 'details.reward_consumed_total') }} as reward_consumed_total,
    {{ read(fields, 'details.reward_consumed_unit') }} as reward_unit,
    {{ invalid_fields(fields) }} as invalid_fields
from subject_details

{% macro worst_status(status) -%}
    case
        when bool_or({{ status }} = 'Fail') then 'Fail'
        when bool_and(coalesce({{ status }}, '') = 'Pass') then 'Pass'
        else 'Pending'
    end
{%- endmacro %}

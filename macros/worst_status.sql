{% macro worst_status(status) -%}
    case
        when bool_or({{ status }} = 'Fail') then 'Fail'
        when bool_or({{ status }} = 'Pending') then 'Pending'
        else 'Pass'
    end
{%- endmacro %}

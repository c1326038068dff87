{% macro worst_status(counts) -%}
    case
        when {{ counts }}.fail_count > 0 then 'Fail'
        when {{ counts }}.pending_count > 0 then 'Pending'
        when {{ counts }}.metric_count > 0 then 'Pass'
    end
{%- endmacro %}

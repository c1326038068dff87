{% macro judgement(text) -%}
    case lower(trim({{ text }}))
        when 'pass' then 'Pass'
        when 'fail' then 'Fail'
        when 'pending' then 'Pending'
        else {{ text }}
    end
{%- endmacro %}

{% macro spelled(text, words) -%}
    case lower(trim({{ text }}))
        {%- for word in words %}
        when '{{ word | lower }}' then '{{ word }}'
        {%- endfor %}
        else {{ text }}
    end
{%- endmacro %}

{% macro spelled(text, words) -%}
    case lower({{ trimmed(text) }})
        {%- for word in words %}
        when '{{ word | lower }}' then '{{ word }}'
        {%- endfor %}
        else {{ text }}
    end
{%- endmacro %}

{% macro time_text(text) -%}
    case
        when {{ instant(text) }} is not null
            then replace(regexp_replace({{ text }}, '^\s+|\s+$', '', 'g'), ' ', 'T')
    end
{%- endmacro %}

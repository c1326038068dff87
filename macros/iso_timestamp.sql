{% macro iso_timestamp(text) -%}
    case
        when {{ parse_timestamp(text) }} is not null
            then replace(regexp_replace({{ text }}, '^\s+|\s+$', '', 'g'), ' ', 'T')
    end
{%- endmacro %}

{% macro time_text(text) -%}
    case
        when {{ instant(text) }} is not null
            then regexp_replace(trim({{ text }}), '^(\S+) ', '\1T')
    end
{%- endmacro %}

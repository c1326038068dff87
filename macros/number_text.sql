{% macro number_text(text) -%}
    case when {{ parse_number(text) }} is not null then trim({{ text }}) end
{%- endmacro %}

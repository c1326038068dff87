{% macro whole_number(value) -%}
    case when {{ value }} = trunc({{ value }}) then try_cast({{ value }} as integer) end
{%- endmacro %}

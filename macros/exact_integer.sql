{% macro exact_integer(value) -%}
    case when {{ value }} = trunc({{ value }}) then try_cast({{ value }} as integer) end
{%- endmacro %}

{% macro material_name(name, virus) -%}
    coalesce(
        -- The upgrader writes a remark where an old record names no material.
        if({{ name }} like '(v1v2 upgrade) No %', null, nullif(trim({{ name }}), '')),
        nullif(trim({{ virus }}), '')
    )
{%- endmacro %}

{% macro material_name(name, virus) -%}
    coalesce(
        -- The upgrader writes a remark if an old record has no material name.
        if({{ name }} like '(v1v2 upgrade) No %', null, nullif(trim({{ name }}), '')),
        nullif(trim({{ virus }}), '')
    )
{%- endmacro %}

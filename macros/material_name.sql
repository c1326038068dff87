{% macro material_name(name, virus) -%}
    coalesce(
        -- The upgrader writes a remark if an old record has no material name.
        if({{ trimmed(name) }} = '' or {{ name }} like '(v1v2 upgrade) No %', null, {{ name }}),
        if({{ trimmed(virus) }} = '', null, {{ virus }})
    )
{%- endmacro %}

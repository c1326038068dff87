{% macro model_hash(name, prefix) -%}
    case {{ name }}
    {%- if execute %}
    {%- for node in graph.nodes.values() | sort(attribute='name')
        if node.resource_type == 'model' and node.name.startswith(prefix) %}
        when '{{ node.name }}' then '{{ local_md5(node.raw_code)[:12] }}'
    {%- endfor %}
    {%- endif %}
    end
{%- endmacro %}

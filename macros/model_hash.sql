{% macro model_hash(name, prefix) -%}
    case {{ name }}
        when '' then null
    {#- While dbt reads the project, and in unit tests, it knows of no models. #}
    {%- for node in graph.get('nodes', {}).values() | sort(attribute='name')
        if node.resource_type == 'model' and node.name.startswith(prefix) %}
        when '{{ node.name }}' then '{{ local_md5(node.raw_code)[:12] }}'
    {%- endfor %}
    end
{%- endmacro %}

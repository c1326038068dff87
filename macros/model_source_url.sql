{% macro model_source_url(name, prefix) -%}
    {%- if execute and var('repository_url') -%}
    case {{ name }}
    {%- for node in graph.nodes.values() | sort(attribute='name')
        if node.resource_type == 'model' and node.name.startswith(prefix) %}
        when '{{ node.name }}' then '{{ var('repository_url') }}/{{ node.original_file_path }}'
    {%- endfor %}
    end
    {%- else -%}
    cast(null as varchar)
    {%- endif -%}
{%- endmacro %}

{% macro model_source_url(name, prefix) -%}
    {%- if var('repository_url') -%}
    case {{ name }}
        when '' then null
    {%- for node in graph.get('nodes', {}).values() | sort(attribute='name')
        if node.resource_type == 'model' and node.name.startswith(prefix) %}
        when '{{ node.name }}' then '{{ var('repository_url') }}/{{ node.original_file_path }}'
    {%- endfor %}
    end
    {%- else -%}
    cast(null as varchar)
    {%- endif -%}
{%- endmacro %}

{% macro time_in_name(name) -%}
    regexp_extract({{ name }}, '{{ _form_of_time_in_name() }}')
{%- endmacro %}

{% macro time_at_end_of_name(name) -%}
    regexp_extract({{ name }}, '{{ _form_of_time_in_name() }}$')
{%- endmacro %}

{% macro parse_time_in_name(text) -%}
    try_strptime({{ text }}, '%Y-%m-%d_%H-%M-%S')
{%- endmacro %}

{% macro _form_of_time_in_name() -%}
    \d{4}-\d\d-\d\d_\d\d-\d\d-\d\d
{%- endmacro %}

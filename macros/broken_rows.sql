{% macro broken_rows(model, rule, names, is_broken, is_broken_together='true') -%}
    {%- set columns = [] -%}
    {%- for name in names -%}{%- do columns.append(adapter.quote(name)) -%}{%- endfor -%}
    {%- set key = columns | join(', ') -%}
    select
        '{{ rule }}' as rule,
        '{{ names | join(", ") }}' as column_name,
        cast({{ 'row(' ~ key ~ ')' if names | length > 1 else key }} as varchar) as value,
        count(*) as row_count
    from {{ model }}
    where {{ is_broken }}
    group by {{ key }}
    having {{ is_broken_together }}
{%- endmacro %}

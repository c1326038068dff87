{#
    The rules of a table, as one test: a test costs dbt more than DuckDB.
    The rows name the broken rule, its column, the value, and in how many rows.
#}
{% test rules(
    model, unique=[], not_null=[], accepted_values={}, castable_time=[], relationships={}
) %}
    {{- config(fail_calc='coalesce(sum(row_count), 0)') -}}
    {%- set broken = [] -%}
    {%- for key in unique -%}
        {%- set columns = [key] if key is string else key -%}
        {%- do broken.append(broken_rows(model, 'unique', columns, 'true', 'count(*) > 1')) -%}
    {%- endfor -%}
    {%- for name in not_null -%}
        {%- set is_broken = adapter.quote(name) ~ ' is null' -%}
        {%- do broken.append(broken_rows(model, 'not_null', [name], is_broken)) -%}
    {%- endfor -%}
    {%- for name, values in accepted_values.items() -%}
        {%- set listed = values | map('replace', "'", "''") | join("', '") -%}
        {%- set is_broken = adapter.quote(name) ~ " not in ('" ~ listed ~ "')" -%}
        {%- do broken.append(broken_rows(model, 'accepted_values', [name], is_broken)) -%}
    {%- endfor -%}
    {%- for name in castable_time -%}
        {%- set column = adapter.quote(name) -%}
        {%- set is_broken -%}
            {{ column }} is not null and try_cast({{ column }} as timestamptz) is null
        {%- endset -%}
        {%- do broken.append(broken_rows(model, 'castable_time', [name], is_broken)) -%}
    {%- endfor -%}
    {%- for name, referred in relationships.items() -%}
        {%- set column, field = adapter.quote(name), 'referred.' ~ adapter.quote(referred.field) -%}
        {%- set is_broken -%}
            {{ column }} is not null and {{ column }} not in (
                select {{ field }} from {{ referred.to }} as referred where {{ field }} is not null
            )
        {%- endset -%}
        {%- do broken.append(broken_rows(model, 'relationships', [name], is_broken)) -%}
    {%- endfor -%}
    select *
    from (
        {{ broken | join('\n        union all\n        ') }}
    )
    {#- So that the first rows show each rule. #}
    order by row_number() over (partition by rule, column_name order by value), rule, column_name
{% endtest %}

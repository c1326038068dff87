-- A row is a published field whose table or column does not exist: its faults would point nowhere.

{% set tables = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | list %}

with published_field as (
    select * from {{ ref('published_fields') }}
),

published_column as (
    {%- for table in tables if 'cache' in table.fqn %}
    {%- set outer = loop %}
    {%- for column in table.columns %}
    select
        '{{ table.name }}' as table_name,
        '{{ column }}' as column_name
    {%- if not (outer.last and loop.last) %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- endfor %}
),

unknown as (
    select
        published_field.entity,
        published_field.field,
        published_field.table_name,
        published_field.column_name
    from published_field
    left join published_column
        on
            published_field.table_name = published_column.table_name
            and published_field.column_name = published_column.column_name
    where published_column.table_name is null
)

select * from unknown

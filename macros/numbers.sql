{#
    Numbers of copied tables, whose columns hold whatever their authors put there: read as text, by
    one declaration of `number` or `whole number` for each column.
#}

{% macro read_number(fields, column) -%}
    {%- if fields[column] == 'whole number' -%}
        {{ exact_integer(parse_number(column)) }}
    {%- else -%}
        {{ parse_number(column) }}
    {%- endif -%}
{%- endmacro %}

{% macro invalid_numbers(fields) -%}
    {%- set told = [] -%}
    {%- for column in fields -%}
        {%- do told.append(struct_of({
            'field': "'" ~ column ~ "'",
            'problem': 'case when ' ~ read_number(fields, column) ~ " is null and lower("
                ~ column ~ ") != 'nan' then 'not a " ~ fields[column] ~ "' end",
            'value': column,
        })) -%}
    {%- endfor -%}
    {{ list_where(told, 'problem') }}
{%- endmacro %}

{#
    Columns of copied tables, which hold whatever their authors put there: read as text, by one
    declaration of their kinds, as `macros/fields.sql` reads the fields of records:

        text, number, whole number, time, date
#}

{% macro read_column(fields, column) -%}
    {%- set kind = fields[column] -%}
    {%- if kind == 'text' -%}
        {{ column }}
    {%- elif kind == 'whole number' -%}
        {{ exact_integer(parse_number(column)) }}
    {%- elif kind == 'number' -%}
        {{ parse_number(column) }}
    {%- elif kind == 'time' -%}
        {{ iso_timestamp(column) }}
    {%- elif kind == 'date' -%}
        cast({{ parse_date(column) }} as string)
    {%- else -%}
        {{ exceptions.raise_compiler_error('No such kind of column: ' ~ kind) }}
    {%- endif -%}
{%- endmacro %}

{#- Frames have missing values as NaN or NaT. -#}
{% macro invalid_columns(fields) -%}
    {%- set problems = [] -%}
    {%- for column, kind in fields.items() if kind != 'text' -%}
        {%- do problems.append(struct_of({
            'field': "'" ~ column ~ "'",
            'problem': 'case when ' ~ read_column(fields, column) ~ " is null and lower("
                ~ column ~ ") not in ('nan', 'nat') then 'not a " ~ kind ~ "' end",
            'value': column,
        })) -%}
    {%- endfor -%}
    {{ list_where(problems, 'problem') }}
{%- endmacro %}

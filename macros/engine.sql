{#
    Everything that another SQL engine would have to say differently, and nothing else.
    Staging speaks about JSON and about time through these macros only.
#}

{% macro json_struct(text, shape) -%}
    from_json({{ text }}, '{{ tojson(_json_shape(shape)) | replace("'", "''") }}')
{%- endmacro %}

{% macro _json_shape(shape) -%}
    {%- set leaves = {'text': 'VARCHAR', 'json': 'JSON'} -%}
    {%- if shape is string -%}
        {%- if shape not in leaves -%}
            {{ exceptions.raise_compiler_error("json_struct: a leaf is 'text' or 'json', not '" ~ shape ~ "'") }}
        {%- endif -%}
        {{ return(leaves[shape]) }}
    {%- elif shape is mapping and shape.keys() | list == ['*'] -%}
        {{ return('MAP(VARCHAR, ' ~ _json_shape(shape['*']) ~ ')') }}
    {%- elif shape is mapping -%}
        {%- set fields = {} -%}
        {%- for key, value in shape.items() -%}
            {%- do fields.update({key: _json_shape(value)}) -%}
        {%- endfor -%}
        {{ return(fields) }}
    {%- elif shape | length == 1 and shape[0] is string -%}
        {{ return([_json_shape(shape[0])]) }}
    {%- endif -%}
    {{ exceptions.raise_compiler_error("json_struct: a list is ['text'] or ['json']: explode it and parse each element") }}
{%- endmacro %}

{% macro json_type(value) -%}
    case left(ltrim(cast({{ value }} as varchar)), 1)
        when '{' then 'object'
        when '[' then 'array'
        when '"' then 'string'
        when 't' then 'boolean'
        when 'f' then 'boolean'
        when 'n' then null
        else
            case regexp_matches(cast({{ value }} as varchar), '[.eE]')
                when true then 'decimal'
                when false then 'integer'
            end
    end
{%- endmacro %}

{% macro json_is_valid(text) -%}
    json_valid({{ text }})
{%- endmacro %}

{% macro json_text(value) -%}
    case
        when left(cast({{ value }} as varchar), 1) not in ('{', '[')
            then json_extract_string({{ value }}, '$')
    end
{%- endmacro %}

{% macro json_main_text(value, field) -%}
    case
        when {{ json_type(value) }} = 'object'
            then {{ json_struct(value, {field: 'text'}) }}.{{ field }}
        else {{ json_text(value) }}
    end
{%- endmacro %}

{% macro json_elements(text, field, element_fields=[]) -%}
    {%- set single = json_struct(text, {field: 'json'}) ~ '.' ~ field -%}
    coalesce(
        {{ json_struct(text, {field: ['json']}) }}.{{ field }},
        {%- if element_fields %}
        {%- set shape = {} -%}
        {%- set found = [] -%}
        {%- for name in element_fields -%}
            {%- do shape.update({name: 'json'}) -%}
            {%- do found.append(json_struct(single, shape) ~ '.' ~ name) -%}
        {%- endfor %}
        case
            when
                {{ json_type(single) }} = 'object'
                and coalesce({{ found | join(', ') }}) is null
                then map_values({{ json_struct(text, {field: {'*': 'json'}}) }}.{{ field }})
        end,
        {%- endif %}
        {{ _json_single(single) }}
    )
{%- endmacro %}

{% macro _json_single(value) -%}
    case when {{ value }} is not null then [{{ value }}] end
{%- endmacro %}

{% macro json_at(text, path) -%}
    cast(json_extract({{ text }}, concat('$.', {{ path }})) as varchar)
{%- endmacro %}

{% macro explode(list, position, element) -%}
    unnest({{ list }}) as {{ element }},
    unnest(range(len({{ list }}))) as {{ position }}
{%- endmacro %}

{% macro explode_map(map, position, key, value) -%}
    unnest(map_keys({{ map }})) as {{ key }},
    unnest(map_values({{ map }})) as {{ value }},
    unnest(range(cast(cardinality({{ map }}) as bigint))) as {{ position }}
{%- endmacro %}

{% macro parse_timestamp(text) -%}
    case
        when
            regexp_full_match(
                {{ text }},
                '\s*\d{4}-\d\d-\d\d([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?'
                || '(Z|[+-](0\d|1[0-3])(:?[0-5]\d)?|[+-]14(:?00)?)?)?\s*'
            )
            and try_cast({{ text }} as timestamptz) >= timestamptz '0001-01-01 00:00:00+00'
            and try_cast({{ text }} as timestamptz) < timestamptz '10000-01-01 00:00:00+00'
            then try_cast({{ text }} as timestamptz)
    end
{%- endmacro %}

{% macro parse_date(text) -%}
    case
        when {{ parse_timestamp(text) }} is not null
            then try_cast(left(regexp_replace({{ text }}, '^\s+', ''), 10) as date)
    end
{%- endmacro %}

{% macro parse_birth_year(text) -%}
    case
        when
            try_cast({{ text }} as double) between 1900 and 9999
            and try_cast({{ text }} as double) = trunc(try_cast({{ text }} as double))
            then make_date(try_cast(try_cast({{ text }} as double) as bigint), 1, 1)
    end
{%- endmacro %}

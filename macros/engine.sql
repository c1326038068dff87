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
            {{ exceptions.raise_compiler_error(
                "json_struct: a leaf is 'text' or 'json', not '" ~ shape ~ "'"
            ) }}
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
    {{ exceptions.raise_compiler_error(
        "json_struct: a list is ['text'] or ['json']: explode it and parse each element"
    ) }}
{%- endmacro %}

{% macro json_type(value) -%}
    case {{ json_initial(value) }}
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

{% macro json_by_type(value, array, object, other) -%}
    case {{ json_initial(value) }}
        when '[' then {{ array }}
        when '{' then {{ object }}
        else {{ other }}
    end
{%- endmacro %}

{#- The first character, which decides the type: JSON in the lake has no leading blanks. -#}
{% macro json_initial(value) -%}
    left(cast({{ value }} as varchar), 1)
{%- endmacro %}

{#- The first characters that a value of a type may have. -#}
{% macro _json_initials(type) -%}
    {{ return({
        'object': '{', 'array': '[', 'string': '"', 'boolean': 'tf', 'number': '-0123456789',
    }[type]) }}
{%- endmacro %}

{% macro json_is(value, type) -%}
    {{ json_initial(value) }} = '{{ _json_initials(type) }}'
{%- endmacro %}

{% macro json_is_null(value) -%}
    coalesce({{ json_initial(value) }}, 'n') = 'n'
{%- endmacro %}

{% macro json_is_other(value, types) -%}
    {%- set known = ['n'] -%}
    {%- for type in types -%}
        {%- do known.extend(_json_initials(type) | list) -%}
    {%- endfor -%}
    {{ json_initial(value) }} not in ('{{ known | join("', '") }}')
{%- endmacro %}

{% macro json_is_valid(text) -%}
    json_valid({{ text }})
{%- endmacro %}

{% macro json_content(text) -%}
    case
        when {{ json_is_valid(text) }}
            then ltrim({{ text }}, concat(' ', chr(9), chr(10), chr(13)))
    end
{%- endmacro %}

{% macro json_text(value) -%}
    {{ json_by_type(value, 'null', 'null', json_scalar(value)) }}
{%- endmacro %}

{#- The text of a scalar. -#}
{% macro json_scalar(value) -%}
    json_extract_string({{ value }}, '$')
{%- endmacro %}

{% macro json_field(value, field) -%}
    json_extract({{ value }}, '$.{{ field }}')
{%- endmacro %}

{% macro json_without(value, keys) -%}
    {#- A null in the patch removes the key. -#}
    case
        when {{ json_is(value, 'object') }}
            then json_merge_patch(
                cast({{ value }} as json), '{"{{ keys | join('":null,"') }}":null}'
            )
    end
{%- endmacro %}

{% macro json_or_text(value, text) -%}
    coalesce({{ value }}, to_json({{ text }}))
{%- endmacro %}

{% macro json_first(value, usable) -%}
    list_filter(
        list_transform({{ json_struct(value, ['json']) }}, lambda item: {{ usable }}),
        lambda item: item is not null
    )[1]
{%- endmacro %}

{% macro json_object_text(value, main=none) -%}
    {{ json_by_type(
        value,
        json_first(value, _json_object_of('item', main)),
        'cast(' ~ value ~ ' as varchar)',
        _json_object_of(value, main) if main else 'null',
    ) }}
{%- endmacro %}

{% macro _json_object_of(value, main) -%}
    case
        when {{ json_is(value, 'object') }} then cast({{ value }} as varchar)
        {%- if main %}
        when {{ json_is(value, 'string') }}
            then concat(
                '{"{{ main.split('.') | join('":{"') }}":',
                {{ value }},
                '{{ '}' * (main.split('.') | length) }}'
            )
        {%- endif %}
    end
{%- endmacro %}

{% macro json_object_path(value, path, main=none) -%}
    case
        when {{ json_is(value, 'array') }}
            then concat(
                {{ path }},
                '[',
                list_position(
                    list_transform(
                        {{ json_struct(value, ['json']) }},
                        lambda item: {{ _json_object_of('item', main) }} is not null
                    ),
                    true
                ) - 1,
                ']'
            )
        else {{ path }}
    end
{%- endmacro %}

{% macro struct_of(fields) -%}
    {
        {%- for name, value in fields.items() %}
        '{{ name }}': {{ value }}{{ '' if loop.last else ',' }}
        {%- endfor %}
    }
{%- endmacro %}

{% macro list_where(items, field) -%}
    nullif(
        list_filter([{{ items | join(', ') }}], lambda item: item.{{ field }} is not null), []
    )
{%- endmacro %}

{% macro list_of_problems(problems, reports) -%}
    {%- set items = [] -%}
    {%- for each in reports -%}
        {%- do items.append(struct_of(each)) -%}
    {%- endfor -%}
    case
        when coalesce({{ problems | join(', ') }}) is not null
            then list_transform(
                {{ list_where(items, 'problem') }},
                lambda item: {{ struct_of({
                    'field': 'item.field',
                    'path': 'item.path',
                    'problem': 'item.problem',
                    'value': _reported_value('item.problem', 'item.value'),
                }) }}
            )
    end
{%- endmacro %}

{#- The value as JSON, which shows its kind; of a text of the right kind the text alone. -#}
{% macro _reported_value(problem, value) -%}
    case
        when {{ problem }} != 'wrong kind' and {{ json_is(value, 'string') }}
            then {{ json_text(value) }}
        else cast({{ value }} as varchar)
    end
{%- endmacro %}

{% macro explode_json(value, path, known=[], keep_nulls=false) -%}
    unnest(
        case
            when {{ json_is_null(value) }} then null
            when {{ json_is(value, 'array') }}
                then {{ _json_elements(
                    json_struct(value, ['json']),
                    _json_element(
                        'i - 1', 'null', 'concat(' ~ path ~ ", '[', i - 1, ']')", 'item'
                    ),
                    keep_nulls
                ) }}
            when
                {{ json_is(value, 'object') }}
                {%- if known %}
                and not list_has_any(json_keys({{ value }}), ['{{ known | join("', '") }}'])
                {%- endif %}
                then {{ _json_elements(
                    'map_entries(' ~ json_struct(value, {'*': 'json'}) ~ ')',
                    _json_element(
                        'i - 1', 'item.key', 'concat(' ~ path ~ ", '.', item.key)", 'item.value'
                    ),
                    keep_nulls
                ) }}
            else [{{ _json_element('0', 'null', path, 'cast(' ~ value ~ ' as json)', 'true') }}]
        end
    )
{%- endmacro %}

{% macro _json_element(position, key, path, value, is_reported='false') -%}
    {{ struct_of({
        'position': 'cast(' ~ position ~ ' as bigint)',
        'key': 'cast(' ~ key ~ ' as varchar)',
        'path': path,
        'value': value,
        'is_reported': is_reported,
    }) }}
{%- endmacro %}

{#- An element speaks of `item` and of `i`, which counts from one. -#}
{% macro _json_elements(list, element, keep_nulls) -%}
    {%- set elements = 'list_transform(' ~ list ~ ', lambda item, i: ' ~ element ~ ')' -%}
    {%- if keep_nulls -%}
        {{ elements }}
    {%- else -%}
        list_filter({{ elements }}, lambda element: element.value is not null)
    {%- endif -%}
{%- endmacro %}

{% macro explode(list, position, element) -%}
    unnest({{ list }}) as {{ element }},
    unnest(range(len({{ list }}))) as {{ position }}
{%- endmacro %}

{#- For many short lists, DuckDB's own lists with an order take ten times the time of this. -#}
{% macro list_in_order(value, position, where='true') -%}
    list_transform(
        list_sort(
            list({'position': {{ position }}, 'value': {{ value }}}) filter (where {{ where }})
        ),
        lambda item: item.value
    )
{%- endmacro %}

{% macro parse_timestamp(text) -%}
    case
        when {{ is_plain_time(text) }} then try_cast({{ text }} as timestamptz)
        else {{ parse_other_time(text) }}
    end
{%- endmacro %}

{% macro parse_other_time(text) -%}
    {%- set instant = 'try_cast(' ~ castable_time(text) ~ ' as timestamptz)' -%}
    case
        when
            regexp_full_match(
                {{ text }},
                '\s*\d{4}-\d\d-\d\d([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?'
                || '(Z|[+-](0\d|1[0-3])(:?[0-5]\d)?|[+-]14(:?00)?)?)?\s*'
            )
            and {{ instant }} >= timestamptz '0001-01-01 00:00:00+00'
            and {{ instant }} < timestamptz '10000-01-01 00:00:00+00'
            then {{ instant }}
    end
{%- endmacro %}

{#- A fast test for the form of nearly all times, which can be cast as they are. -#}
{% macro is_plain_time(text) -%}
    (
        regexp_full_match(
            {{ text }},
            '\d{4}-\d\d-\d\d[T ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?'
            || '(Z|[+-](0\d|1[0-3]):[0-5]\d)?'
        )
        and left({{ text }}, 4) between '0002' and '9998'
        and try_cast({{ text }} as timestamptz) is not null
    )
{%- endmacro %}

{% macro castable_time(text) -%}
    regexp_replace(
        regexp_replace({{ text }}, '^\s+|\s+$', '', 'g'), '([T ]\d\d:\d\d)(Z|[+-])', '\1:00\2'
    )
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
            then try_cast(try_cast({{ text }} as double) as integer)
    end
{%- endmacro %}

{% macro trimmed(text) -%}
    {%- set blank = '[\\t-\\r\\x1c-\\x20\\x85\\p{Z}]' -%}
    regexp_replace({{ text }}, '^{{ blank }}+|{{ blank }}+$', '', 'g')
{%- endmacro %}

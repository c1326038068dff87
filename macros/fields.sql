{#
    The declaration of the fields that a staging model reads, and all that follows from it: the
    value, its repair, and what `data_quality` says about it. A model declares once:

        {%- set fields = {'section': 'object or subject_id', 'subject.subject_id': 'text'} %}

    A key without a dot is a value and its path, from `json_slot` or `explode_json`. `subject.x` is
    the field `x` of an object, from `json_object`. These are the shapes:

        text, number, whole number, time, date, birth year
                                                    one value; in a list, the first that can be used
        number or text                              a number, or a text that is one
        judgement, data level, object type          a text with a spelling of its own
        object                                      an object; in a list, the first one
        object or NAME                              likewise; a text in its place is its field NAME
        object with NAME                            likewise; an object without it is reported
        object of NAME                              an object of which only the text NAME is read
        text or NAME                                a text, or an object as in the line above
        list, list or object, list or text          what `explode_json` takes apart
        any                                         of any kind
        known                                       not read here: an object that has it is such an
                                                    element, and `read_rest` leaves it out
#}

{% macro read(fields, key) -%}
    {%- set shape = _shape(fields, key) -%}
    {%- if shape.kind in ('list', 'object') -%}
        cast({{ _value(key) }} as string)
    {%- elif shape.kind == 'any' -%}
        case
            when {{ json_is(_value(key), 'string') }} then {{ json_scalar(_value(key)) }}
            else cast({{ _value(key) }} as string)
        end
    {%- elif shape.main -%}
        {{ _main_text(_value(key), shape) }}
    {%- else -%}
        {{ _scalar(_value(key), shape.kind, key.split('.') | last) }}
    {%- endif -%}
{%- endmacro %}

{#- The fields of an object that no other column reads; NULL if there are none. -#}
{% macro read_rest(fields, name, keep=[]) -%}
    {%- set known = [] -%}
    {%- for field in fields if field.startswith(name ~ '.') -%}
        {%- if field[name | length + 1:] not in keep -%}
            {%- do known.append(field[name | length + 1:]) -%}
        {%- endif -%}
    {%- endfor -%}
    nullif(cast({{ json_without(name ~ '.value', known) }} as string), '{}')
{%- endmacro %}

{% macro json_slot(value, path) -%}
    {{ struct_of({'path': path, 'value': value, 'is_reported': 'false'}) }}
{%- endmacro %}

{#- One row per element of a list: `explode_json`, where an element is known by its declaration. -#}
{% macro explode_list(fields, name, value, path, keep_nulls=false) -%}
    {%- set known = [] -%}
    {%- for field in fields if field.startswith(name ~ '.') -%}
        {%- do known.append(field[name | length + 1:]) -%}
    {%- endfor -%}
    {%- if name in fields and _shape(fields, name).main -%}
        {%- do known.append(_shape(fields, name).main) -%}
    {%- endif -%}
    {{ explode_json(value, path, known, keep_nulls) }}
{%- endmacro %}

{% macro json_object(fields, key, name) -%}
    {%- set shape = namespace(main=_shape(fields, key).main) -%}
    {%- if shape.main and fields.get(name ~ '.' ~ shape.main, '').startswith('object of ') -%}
        {%- set shape.main = shape.main ~ '.' ~ _shape(fields, name ~ '.' ~ shape.main).main -%}
    {%- endif -%}
    {{ json_known_object(
        fields,
        json_object_text(_value(key), shape.main),
        json_object_path(_value(key), _path(key), shape.main),
        name
    ) }}
{%- endmacro %}

{% macro json_known_object(fields, value, path, name) -%}
    {%- set parts = {'path': path, 'value': value} -%}
    {%- set leaves = {} -%}
    {%- for field, shape in fields.items() if field.startswith(name ~ '.') and shape != 'known' -%}
        {%- do leaves.update({field[name | length + 1:]: 'json'}) -%}
    {%- endfor -%}
    {%- if leaves -%}
        {%- do parts.update({'fields': json_struct(value, leaves)}) -%}
    {%- endif -%}
    {{ struct_of(parts) }}
{%- endmacro %}

{% macro invalid_fields(fields) -%}
    {%- set problems = [] -%}
    {%- set reports = [] -%}
    {%- for key, shape in fields.items() if shape != 'known' -%}
        {%- for part in _judged_parts(key, _shape(fields, key)) -%}
            {%- do problems.append(part.problem) -%}
            {%- do reports.append({
                'field': "'" ~ key ~ "'",
                'path': part.path,
                'problem': part.problem,
                'value': part.value,
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if not reports -%}
        {#- All fields are of any kind. -#}
        {%- set nothing = 'cast(null as string)' -%}
        {%- do problems.append(nothing) -%}
        {%- do reports.append(
            {'field': nothing, 'path': nothing, 'problem': nothing, 'value': nothing}
        ) -%}
    {%- endif -%}
    {{ list_of_problems(problems, reports) }}
{%- endmacro %}

{#- The expression that is validated: the value, or the main text of an object in its place. -#}
{% macro _judged_parts(key, shape) -%}
    {%- if shape.kind == 'any' -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set value = _value(key) -%}
    {%- set parts = [{'path': _path(key), 'value': value, 'problem': _problem(value, shape)}] -%}
    {%- if '.' not in key -%}
        {%- do parts[0].update({
            'problem': 'case when not ' ~ key ~ '.is_reported then ' ~ parts[0].problem ~ ' end'
        }) -%}
    {%- endif -%}
    {%- if shape.main and shape.kind != 'objects' -%}
        {%- set main = json_field(value, shape.main) -%}
        {%- do parts.append({
            'path': 'concat(' ~ _path(key) ~ ", '." ~ shape.main ~ "')",
            'value': main,
            'problem': _problem(main, {'kind': 'text', 'right': ['string'], 'main': none}),
        }) -%}
    {%- endif -%}
    {{ return(parts) }}
{%- endmacro %}

{% macro _problem(value, shape) -%}
    {%- set text = json_text(value) -%}
    case
        when {{ json_is_other(value, shape.right) }} then 'wrong kind'
        {%- if shape.main and (shape.kind != 'objects' or shape.is_needed) %}
        when {{ json_by_type(
            value, 'false', json_is_null(json_field(value, shape.main)), 'false'
        ) }}
            then 'no {{ shape.main }}'
        {%- endif %}
        {%- if shape.kind in ('number', 'whole number', 'time', 'date', 'birth year') %}
        when {{ value }} is not null and {{ _as_kind(text, shape.kind) }} is null
            then 'not a {{ 'year of birth' if shape.kind == 'birth year' else shape.kind }}'
        {%- elif shape.kind == 'judgement' %}
        when {{ _as_kind(text, shape.kind) }} not in ('Pass', 'Fail', 'Pending')
            then 'unknown judgement'
        {%- endif %}
    end
{%- endmacro %}

{% macro _scalar(value, kind, main) -%}
    {{ json_by_type(
        value,
        json_first(value, _as_kind(_single_text('item', main), kind)),
        _as_kind(json_text(json_field(value, main)), kind),
        _as_kind(json_scalar(value), kind)
    ) }}
{%- endmacro %}

{#- The text of a scalar, or of the main field of an object. -#}
{% macro _single_text(value, main) -%}
    {{ json_by_type(value, 'null', json_text(json_field(value, main)), json_scalar(value)) }}
{%- endmacro %}

{% macro _main_text(value, shape) -%}
    {{ json_by_type(
        value,
        json_first(value, _main_single_text('item', shape)),
        _scalar(json_field(value, shape.main), 'text', shape.main),
        _main_single_text(value, shape)
    ) }}
{%- endmacro %}

{#- A number is not an object, but is accepted as text. -#}
{% macro _main_single_text(value, shape) -%}
    {%- set scalar = json_scalar(value) -%}
    {%- if shape.kind != 'text' -%}
        {%- set scalar = 'case when ' ~ json_is(value, 'string') ~ ' then ' ~ scalar ~ ' end' -%}
    {%- endif -%}
    {{ json_by_type(value, 'null', json_text(json_field(value, shape.main)), scalar) }}
{%- endmacro %}

{% macro _as_kind(text, kind) -%}
    {%- set spellings = {
        'judgement': ['Pass', 'Fail', 'Pending'],
        'data level': ['raw', 'derived', 'simulated'],
        'object type': [
            'QC metric', 'Curation metric', 'Probe implant', 'Device implant', 'Catheter implant',
            'Myomatrix insertion', 'Brain injection', 'Injection', 'Translation', 'Rotation',
            'Patch cord config', 'Fiber assembly config',
        ],
    } -%}
    {%- if kind in spellings -%}
        {{ spelled(text, spellings[kind]) }}
    {%- elif kind == 'time' -%}
        {{ iso_timestamp(text) }}
    {%- elif kind == 'number' -%}
        {{ number_text(text) }}
    {%- elif kind == 'whole number' -%}
        case
            when regexp_full_match({{ text }}, '\s*[+-]?\d{1,9}([.]0*)?\s*') then trim({{ text }})
        end
    {%- elif kind == 'date' -%}
        cast({{ parse_date(text) }} as string)
    {%- elif kind == 'birth year' -%}
        cast({{ parse_birth_year(text) }} as string)
    {%- else -%}
        {{ text }}
    {%- endif -%}
{%- endmacro %}

{#- A shape in parts: the kind of the value, the JSON types that are right, and the main field. -#}
{% macro _shape(fields, key) -%}
    {%- if key not in fields -%}
        {{ exceptions.raise_compiler_error('No field ' ~ key ~ ' is declared in fields.') }}
    {%- endif -%}
    {%- set words = fields[key] -%}
    {%- set last = words.split(' ') | last -%}
    {%- set whole = {
        'list': ['array'], 'list or object': ['array', 'object'],
        'list or text': ['array', 'string'],
        'object': ['object'], 'text': ['string'], 'time': ['string'], 'date': ['string'],
        'judgement': ['string'], 'data level': ['string'], 'object type': ['string'],
        'number': ['number'], 'birth year': ['number'], 'whole number': ['number'],
        'number or text': ['number', 'string'],
        'any': ['object', 'array', 'string', 'number', 'boolean'],
    } -%}
    {%- if words in whole -%}
        {{ return({
            'kind': (words.split(' or ') | first),
            'right': whole[words],
            'main': none,
        }) }}
    {%- elif words.startswith('object or ') -%}
        {{ return({'kind': 'objects', 'right': ['object'], 'main': last}) }}
    {%- elif words.startswith('object with ') -%}
        {{ return({'kind': 'objects', 'right': ['object'], 'main': last, 'is_needed': true}) }}
    {%- elif words.startswith('object of ') -%}
        {{ return({'kind': 'main', 'right': ['object'], 'main': last}) }}
    {%- elif words.startswith('text or ') -%}
        {{ return({'kind': 'text', 'right': ['string', 'object'], 'main': last}) }}
    {%- endif -%}
    {{ exceptions.raise_compiler_error('No such shape: ' ~ words) }}
{%- endmacro %}

{% macro _value(key) -%}
    {%- set parts = key.split('.') -%}
    {%- if parts | length == 1 -%}
        {{ return(key ~ '.value') }}
    {%- endif -%}
    {{ return(parts[0] ~ '.fields.' ~ ('"' ~ parts[1] ~ '"' if ' ' in parts[1] else parts[1])) }}
{%- endmacro %}

{% macro _path(key) -%}
    {%- set parts = key.split('.') -%}
    {%- if parts | length == 1 -%}
        {{ return(key ~ '.path') }}
    {%- endif -%}
    {{ return('concat(' ~ parts[0] ~ ".path, '." ~ parts[1] ~ "')") }}
{%- endmacro %}

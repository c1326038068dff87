{% macro person_name(text) -%}
    array_to_string(
        list_transform(
            regexp_extract_all(
                trim(
                    regexp_replace(
                        nfc_normalize({{ _name_of_address(text) }}),
                        '[^\p{L}\p{M}\p{N}]+',
                        ' ',
                        'g'
                    )
                ),
                '[\p{L}\p{M}]+|\p{N}+| '
            ),
            lambda run: concat(upper(run[1]), lower(run[2:]))
        ),
        ''
    )
{%- endmacro %}

{#- Of one word with one `@`, what stands before it. -#}
{% macro _name_of_address(text) -%}
    regexp_replace({{ trimmed(text) }}, '^([^\s\p{Z}@]*)@[^\s\p{Z}@]*$', '\1')
{%- endmacro %}

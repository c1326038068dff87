{% macro person_name(text) -%}
    array_to_string(
        list_transform(
            regexp_extract_all(
                trim(regexp_replace(nfc_normalize({{ text }}), '[^\p{L}\p{M}\p{N}]+', ' ', 'g')),
                '[\p{L}\p{M}]+|\p{N}+| '
            ),
            lambda run: concat(upper(run[1]), lower(run[2:]))
        ),
        ''
    )
{%- endmacro %}

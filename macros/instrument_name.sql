{% macro instrument_name(text) -%}
    coalesce(
        regexp_replace(
            regexp_replace(
                {{ text }},
                '^[^_-]+[_-](.+)_(\d{8}|\d{4}-\d{2}-\d{2}|2[3-6]\d{4})(_\d+)?$',
                '\1'
            ),
            '[_-]',
            '',
            'g'
        ),
        ''
    )
{%- endmacro %}

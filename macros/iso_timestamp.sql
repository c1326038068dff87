{% macro iso_timestamp(text) -%}
    case
        when {{ is_plain_time(text) }} then replace({{ text }}, ' ', 'T')
        when {{ parse_other_time(text) }} is not null
            then regexp_replace(
                regexp_replace(
                    replace({{ castable_time(text) }}, ' ', 'T'),
                    '(T.*[+-]\d\d)$', '\1:00'
                ),
                '(T.*[+-]\d\d)(\d\d)$', '\1:\2'
            )
    end
{%- endmacro %}

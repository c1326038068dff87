{% macro is_partition_value(text) -%}
    (
        {{ text }} != ''
        and length(url_encode({{ text }})) <= 200
        and not contains({{ text }}, chr(0))
    )
{%- endmacro %}

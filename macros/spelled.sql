{#- Looked up in a list: a `case` would trim the text anew for each word. -#}
{% macro spelled(text, words) -%}
    coalesce(
        ['{{ words | join("', '") }}'][
            list_position(
                ['{{ words | join("', '") | lower }}'], lower({{ trimmed(text) }})
            )
        ],
        {{ text }}
    )
{%- endmacro %}

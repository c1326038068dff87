{% macro odd_fields(expected) -%}
    nullif(
        concat_ws(
            ','
            {%- for field, rule in expected.items() %},
            case
                when {{ json_kind(rule[0]) }} not in ('{{ rule[1:] | join("', '") }}')
                    then '{{ field }}'
            end
            {%- endfor %}
        ),
        ''
    )
{%- endmacro %}

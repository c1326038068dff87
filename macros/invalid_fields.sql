{% macro invalid_fields(expected) -%}
    nullif(
        concat_ws(
            ','
            {%- for field, rule in expected.items() %},
            case
                when {{ json_type(rule[0]) }} not in ('{{ rule[1:] | join("', '") }}')
                    then '{{ field }}'
            end
            {%- endfor %}
        ),
        ''
    )
{%- endmacro %}

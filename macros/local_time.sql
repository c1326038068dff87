{% macro local_time(text) -%}
    cast(regexp_replace({{ text }}, '(Z|[+-]\d\d:\d\d)$', '') as timestamp)
{%- endmacro %}

{% macro utc_offset_minutes(text) -%}
    case
        when {{ text }} like '%Z' then 0
        when regexp_matches({{ text }}, '[+-]\d\d:\d\d$')
            then
                cast(concat(left(right({{ text }}, 6), 1), '1') as integer) * (
                    60 * cast(substr(right({{ text }}, 6), 2, 2) as integer)
                    + cast(right({{ text }}, 2) as integer)
                )
    end
{%- endmacro %}

{% macro coordinates_text(ap, ml, depth) -%}
    concat(
        'AP=', coalesce({{ ap }}, '?'),
        ', ML=', coalesce(cast({{ parse_number(ml) }} as varchar), '?'),
        ', D=', coalesce({{ depth }}, '?')
    )
{%- endmacro %}

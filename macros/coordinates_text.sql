{% macro coordinates_text(ap, ml, depth) -%}
    concat(
        'AP=', coalesce({{ ap }}, '?'),
        ', ML=', coalesce(cast(cast({{ ml }} as double) as varchar), '?'),
        ', D=', coalesce({{ depth }}, '?')
    )
{%- endmacro %}

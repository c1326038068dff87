{% macro data_level(text) -%}
    case
        when lower(trim({{ text }})) in ('raw', 'derived', 'simulated') then lower(trim({{ text }}))
        else {{ text }}
    end
{%- endmacro %}

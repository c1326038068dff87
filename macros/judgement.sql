{% macro judgement(text) -%}
    {{ spelled(text, ['Pass', 'Fail', 'Pending']) }}
{%- endmacro %}

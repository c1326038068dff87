{% test unique_combination(model, columns) %}
    select
        {% for column in columns %}{{ adapter.quote(column) }}, {% endfor -%}
        count(*) as row_count
    from {{ model }}
    group by all
    having count(*) > 1
{% endtest %}

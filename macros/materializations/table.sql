{#
    A table in the build database, made in one statement and one transaction. The adapter's own is
    made under another name, renamed and swapped with one that was there: a dozen statements for
    each of a hundred tables.
#}
{% materialization table, adapter="duckdb" %}
    {{ run_hooks(pre_hooks) }}
    {{ drop_relation_if_exists(load_cached_relation(this)) }}
    {%- set target = this.incorporate(type='table') -%}
    {% call statement('main') -%}
        {{ create_table_as(False, target, compiled_code) }}
    {%- endcall %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}

    {{ return({'relations': [target]}) }}
{% endmaterialization %}

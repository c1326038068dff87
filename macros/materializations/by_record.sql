{#
    A table whose rows come from one record each, and from nothing else. A build by change deletes
    the rows of the records that have changed, and inserts what the same SQL makes of these records
    alone; any other build makes the table whole, as `table` does.

    So such a model reads the base view and models of its own kind, and may not look across records:
    what it reads is checked here, what it does by `scripts/lint_staging.py`.
#}
{% materialization by_record, adapter="duckdb" %}
    {%- set of_changed = sql_of_changed_records(compiled_code, model) -%}
    {% if not is_by_change() %}
        {{ return(materialization_table_duckdb()) }}
    {% endif %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set changed = relation_of_changes(this.identifier) -%}
    {{ run_hooks(pre_hooks) }}
    {% do run_query('create or replace table ' ~ changed ~ ' as ' ~ of_changed) %}
    {% do run_query(
        'delete from ' ~ target ~ ' where record_id in (select record_id from '
        ~ relation_of_changes('changed_record') ~ ')'
    ) %}
    {% call statement('main') -%}
        insert into {{ target }} by name select * from {{ changed }}
    {%- endcall %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}

    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{% macro is_by_change() -%}
    {#- No variable of dbt, with which it would parse the project anew. -#}
    {{ return(env_var('BY_CHANGE_OF_BIODATA_CACHE', '') == 'yes') }}
{%- endmacro %}

{% macro relation_of_changes(name) -%}
    {{ return(api.Relation.create(database=target.database, schema='by_change', identifier=name)) }}
{%- endmacro %}

{% macro sql_of_changed_records(sql, model) -%}
    {%- set read = namespace(sql=sql) -%}
    {%- for id in model.depends_on.nodes -%}
        {%- set node = graph.nodes.get(id, {'name': id, 'config': {}}) -%}
        {%- if node.name != 'stg_docdb__records'
            and node.config.materialized not in ('by_record', 'staged') -%}
            {{ exceptions.raise_compiler_error(
                model.name ~ ' is built record by record, and ' ~ node.name
                ~ ', which it reads, is not: configure it as a table.'
            ) }}
        {%- endif -%}
        {%- set read.sql = read.sql | replace(
            node.relation_name, relation_of_changes(node.alias) | string
        ) -%}
    {%- endfor -%}
    {{ return(read.sql) }}
{%- endmacro %}

{#
    In a build by change, once the base view is that of tonight and before anything reads it: the
    records whose newest version is not that of the last build, those that are new, and those that
    are gone; and the newest version of those that are there.
    Compaction rewrites a version as it is, so that it changes nothing.
#}
{% macro find_changes() -%}
    {%- if execute and is_by_change() -%}
        {%- set nodes = graph.nodes.values() -%}
        {%- set records = nodes | selectattr('name', 'equalto', 'stg_docdb__records') | first -%}
        {%- set versions = nodes | selectattr('name', 'equalto', 'stg_docdb__versions') | first -%}
        {%- set changed_record = relation_of_changes('changed_record') -%}
        {%- set columns = versions.columns | join(', ') -%}
        {% do run_query(
            'create or replace table ' ~ changed_record ~ ' as
            with before as (select ' ~ columns ~ ' from ' ~ versions.relation_name ~ '),
            now as (select ' ~ columns ~ ' from ' ~ records.relation_name ~ '),
            only_before as (from before except from now),
            only_now as (from now except from before)
            select record_id from only_before union select record_id from only_now'
        ) %}
        {% do run_query(
            'create or replace table ' ~ relation_of_changes(records.alias)
            ~ ' as select * from ' ~ records.relation_name
            ~ ' where record_id in (select record_id from ' ~ changed_record ~ ')'
        ) %}
    {%- endif -%}
{%- endmacro %}

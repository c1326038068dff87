{#
    A published table: a sorted table in the build database, for tests and for other models, and the
    same rows as parquet files in the build area, in their final layout and under their final names.
    A table in partitions is written once more, whole, as the one sorted object that our reader
    opens.
    A build by change makes the table in the database as any other, and leaves the files alone whose
    rows are those of the last build: sorted, the same rows have the same bytes.

    The adapter's own `external` writes a row of NULLs for an empty table, fails when a partitioned
    table is built twice, and cannot name the file of a partition. What a table needs is its `meta`:
    `folder` (its own name by default), `partition_key`, `partitions_from` (a model whose column of
    the key's name lists partitions that exist without rows) and `sort_order`. A table with
    `buckets`, a number of them, has no file that others know: its model says the bucket of each row
    in a column `bucket` that is not published, and each bucket is an object of its own, of which
    the table in the build database is a view.
#}
{% materialization external, adapter="duckdb" %}
    {%- set meta = config.get('meta', {}) -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}

    {{ run_hooks(pre_hooks) }}
    {%- set before = relation_of_changes(this.identifier) -%}
    {%- set has_fixed_files = not (meta.get('buckets') or meta.get('dynamic_columns')) -%}
    {%- set is_compared = is_by_change() and has_fixed_files -%}
    {% if is_compared %}
        {% do run_query(
            'create or replace table ' ~ before ~ ' as ' ~ contents_by_key(existing, model, meta)
        ) %}
    {% endif %}
    {{ drop_relation_if_exists(existing) }}
    {%- set objects = objects_folder() -%}
    {% if meta.get('buckets') %}
        {%- set target = this.incorporate(type='view') -%}
        {%- set of_changed = none -%}
        {%- if is_by_change() and meta.get('record_key') -%}
            {%- set of_changed = sql_of_changed_records(compiled_code, model) -%}
        {%- endif -%}
        {#- dbt takes Python from a materialization alone, and not from a macro that it calls. -#}
        {% call statement('buckets', language='python') -%}
            {{ python_that_writes_buckets(compiled_code, objects, model, of_changed) }}
        {%- endcall %}
        {% call statement('main') -%}
            {{ create_view_as(target, buckets_written(objects, this.identifier, meta)) }}
        {%- endcall %}
        {{ adapter.commit() }}
        {{ run_hooks(post_hooks) }}
        {{ return({'relations': [target]}) }}
    {% endif %}
    {% call statement('main') -%}
        {%- if meta.get('dynamic_columns') -%}
            {{ create_with_dynamic_columns(target, compiled_code, model, meta) }}
        {%- else -%}
            {{ create_table_as(False, target, sorted(compiled_code, model, meta)) }}
        {%- endif -%}
    {%- endcall %}
    {% do persist_docs(target, model) %}
    {{ adapter.commit() }}

    {#- In a build by change only what has changed is written: the rest is there, byte for byte. -#}
    {%- set changed_keys = none -%}
    {%- if is_compared -%}
        {#- A table, as it is read more than once. -#}
        {%- set changed = relation_of_changes(this.identifier ~ '_keys') -%}
        {% do run_query(
            'create or replace table ' ~ changed ~ ' as
            with now as materialized (' ~ contents_by_key(target, model, meta) ~ ')
            select key_value from (from now except from ' ~ before ~ ')
            union
            select key_value from (from ' ~ before ~ ' except from now)'
        ) %}
        {%- set changed_keys = 'select key_value from ' ~ changed -%}
    {%- endif -%}
    {%- set is_same = is_compared and not run_query(changed_keys ~ ' limit 1') | length -%}
    {%- set area, file = published_folder(), this.identifier ~ '.pqt' -%}
    {% if meta.get('partition_key') %}
        {#- Small row groups: the rows of one key are found by their statistics. -#}
        {% if not is_same %}
            {% do write_file(
                target, model, objects ~ '/' ~ file, "row_group_size 10240"
            ) %}
        {% endif %}
        {% call statement('partitions', language='python') -%}
            {{ python_that_writes_partitions(
                target, area ~ '/' ~ meta.get('folder', this.identifier), model, changed_keys
            ) }}
        {%- endcall %}
    {% elif not is_same %}
        {% do write_file(target, model, area ~ '/' ~ file) %}
    {% endif %}
    {{ run_hooks(post_hooks) }}

    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{% macro create_with_dynamic_columns(target, sql, model, meta) -%}
    {#- dbt holds a table to all of its columns: here, to those that the contract names. -#}
    {%- set promised = [] -%}
    {%- for column in model.columns.values() -%}
        {%- do promised.append(adapter.quote(column.name)) -%}
    {%- endfor -%}
    {%- set promised_part -%}
        select {{ promised | join(', ') }} from (
            {{ sql }}
        )
    {%- endset -%}
    {{ get_assert_columns_equivalent(promised_part) }}
    create table {{ target }} as (
        {{ sorted(sql, model, meta) }}
    )
{%- endmacro %}

{% macro cache_folder() -%}
    {{ return(env_var('BIODATA_CACHE_WORK', '.biodata-cache') ~ '/cache/data-asset-cache') }}
{%- endmacro %}

{% macro published_folder() -%}
    {{ return(cache_folder() ~ '/bdc-v' ~ var('cache_version')) }}
{%- endmacro %}

{% macro objects_folder() -%}
    {{ return(cache_folder() ~ '/objects') }}
{%- endmacro %}

{#- Before a build: once for all tables, as a folder costs a statement for each folder above it. -#}
{% macro make_cache_folders() -%}
    {{ return(adapter.dispatch('make_cache_folders')()) }}
{%- endmacro %}

{% macro default__make_cache_folders() -%}
    {%- if execute -%}
        {% do make_folder(published_folder()) %}
        {% do make_folder(objects_folder()) %}
    {%- endif -%}
{%- endmacro %}

{% macro sorted(sql, model, meta) -%}
    {%- set keys = [] -%}
    {%- if meta.get('partition_key') -%}
        {%- do keys.append(adapter.quote(meta.partition_key)) -%}
    {%- endif -%}
    {%- for name in meta.sort_order -%}
        {#- Text that holds a time is sorted by its instant, which may have several spellings. -#}
        {%- if model.columns[name].get('config', {}).get('meta', {}).get('is_text_time') -%}
            {%- do keys.append('cast(' ~ adapter.quote(name) ~ ' as timestamptz)') -%}
        {%- else -%}
            {%- do keys.append(adapter.quote(name)) -%}
        {%- endif -%}
    {%- endfor -%}
    select * from (
        {{ sql }}
    )
    order by {{ keys | join(' nulls last, ') }} nulls last
{%- endmacro %}

{% macro contents_by_key(relation, model, meta) -%}
    {#-
        Rows and hash of each partition, or of a whole table without. A sum, in which equal rows do
        not cancel. Of numbers the text, as 0 and -0 have one hash, and of lists, as NULL, [] and
        [NULL] have one.
    -#}
    {%- set values = [] -%}
    {%- for column in model.columns.values() -%}
        {%- set name = adapter.quote(column.name) -%}
        {%- if column.data_type == 'double' -%}
            {%- set name = 'cast(' ~ name ~ ' as varchar)' -%}
        {%- elif column.data_type.endswith('[]') -%}
            {%- set name = 'to_json(' ~ name ~ ')' -%}
        {%- endif -%}
        {%- do values.append(name) -%}
    {%- endfor -%}
    select
        {{ adapter.quote(meta.partition_key) if meta.get('partition_key') else "''" }} as key_value,
        count(*) as row_count,
        sum(hash({{ values | join(', ') }})) as content
    from {{ relation }}
    group by key_value
{%- endmacro %}

{% macro write_file(relation, model, path, more=none) -%}
    {#- DuckDB writes a temporary file first and renames it. -#}
    {% do run_query(
        "copy (select * from " ~ relation ~ ") to '" ~ path | replace("'", "''")
        ~ "' (format parquet, compression zstd, use_tmp_file true, " ~ texts_in_file(model)
        ~ (", " ~ more if more else "") ~ ")"
    ) %}
{%- endmacro %}

{% macro texts_in_file(model) -%}
    {#-
        The texts of a table and its columns, as key-value metadata. The file of a partition has
        none: there may be a hundred thousand of them, each smaller than the texts.
    -#}
    {%- set texts = texts_of_columns(model) -%}
    kv_metadata {description: '{{ model.description | trim | replace("'", "''") }}', columns: '
    {{- tojson(texts) | replace("'", "''") }}'}
{%- endmacro %}

{% macro texts_of_columns(model) -%}
    {%- set texts = {} -%}
    {%- for column in model.columns.values() -%}
        {%- do texts.update({column.name: column.description | trim}) -%}
    {%- endfor -%}
    {{ return(texts) }}
{%- endmacro %}

{% macro make_folder(path) -%}
    {#- DuckDB creates a single folder, and only as the target of a partitioned copy. -#}
    {%- set parts = path.split('/') -%}
    {%- for length in range(1, parts | length + 1) -%}
        {%- set folder = parts[:length] | join('/') -%}
        {%- if folder -%}
            {% do run_query(
                "copy (select 0 as nothing, '' as key limit 0) to '" ~ folder | replace("'", "''")
                ~ "' (format parquet, partition_by (key), overwrite_or_ignore true)"
            ) %}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

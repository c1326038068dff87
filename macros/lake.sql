{#
    The raw lake as views of the schema `lake`, one for each source, before anything is built.

    Paths are values: each is a literal, and a pattern that no other path matches, whatever the
    folder is called. What the list of files of a lake names is the lake; each file is compared with
    its hash before anything is derived from it.
#}

{% macro register_lake() -%}
    {{ return(adapter.dispatch('register_lake')()) }}
{%- endmacro %}

{% macro default__register_lake() -%}
    {%- if execute -%}
        {% do run_query('create schema if not exists lake') %}
        {%- for source in graph.sources.values() if source.schema == 'lake' -%}
            {%- set folder = lake_folder() ~ '/' ~ source.name -%}
            {%- set options = ['hive_partitioning = false'] -%}
            {%- if source.meta.get('union_by_name') -%}
                {%- do options.append('union_by_name = true') -%}
            {%- endif -%}
            {% do run_query(
                'create or replace view lake.' ~ adapter.quote(source.name)
                ~ ' as select * from read_parquet('
                ~ _lake_files(folder, source.name) ~ ', ' ~ options | join(', ') ~ ')'
                ~ _in_shard(source.name)
            ) %}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{#- A shard sees the records of its hash buckets alone. -#}
{% macro _in_shard(name) -%}
    {%- set shard = var('shard', none) -%}
    {%- if shard and name == 'docdb_v2' -%}
        {{ return(' where bucket between ' ~ shard.first ~ ' and ' ~ shard.last) }}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}

{% macro lake_folder() -%}
    {%- set work = env_var('BIODATA_CACHE_WORK', '.biodata-cache') -%}
    {{ return(env_var('BIODATA_CACHE_RAW', work ~ '/raw')) }}
{%- endmacro %}

{% macro last_complete_reading(collection) -%}
    {#- Each run leaves a record of itself; a lake is as new as the last one that read its source
        whole, also after nights in which nothing changed. -#}
    select max(started_at)
    from read_json(
        {{ path_literal(lake_folder() ~ '/runs/' ~ collection)[:-1] }}/*.json',
        columns = {started_at: 'timestamptz', outcome: 'varchar', incomplete: 'varchar[]'}
    )
    where
        outcome = 'completed'
        and len(incomplete) = 0
{%- endmacro %}

{% macro path_literal(path) -%}
    {#- Brackets first, so that those of later escapes are not escaped again. -#}
    {{ return(
        "'" ~ path | replace('[', '[[]') | replace('*', '[*]') | replace('?', '[?]')
        | replace("'", "''") ~ "'"
    ) }}
{%- endmacro %}

{% macro _lake_files(folder, name) -%}
    {#- A list of path literals. -#}
    {%- set has_list = run_query(
        'select count(*) from glob(' ~ path_literal(folder ~ '/files.json') ~ ')'
    )[0][0] -%}
    {%- if not has_list -%}
        {% do _stop_without(name) %}
    {%- endif -%}
    {#- As much as that is allocated, and twice. -#}
    {%- set size = run_query(
        'select size from read_blob(' ~ path_literal(folder ~ '/files.json') ~ ')'
    )[0][0] -%}
    {%- set files = run_query(
        "select unnest(files, recursive := true) from read_json("
        ~ path_literal(folder ~ '/files.json') ~ ", format = 'unstructured', "
        ~ "maximum_object_size = " ~ [size, 65536] | max ~ ", "
        ~ "columns = {files: 'struct(name varchar, sha256 varchar)[]'})"
    ) -%}
    {%- set paths = [] -%}
    {%- for file in files -%}
        {%- do paths.append(path_literal(folder ~ '/' ~ file[0])) -%}
    {%- endfor -%}
    {%- if not var('lake_is_checked') -%}
        {% do _check_lake(folder, files) %}
    {%- endif -%}
    {%- if not paths -%}
        {% do _stop_without(name) %}
    {%- endif -%}
    {{ return('[' ~ paths | join(', ') ~ ']') }}
{%- endmacro %}

{% macro _stop_without(name) -%}
    {{ exceptions.raise_compiler_error(
        "The raw lake " ~ lake_folder() ~ " has no " ~ name
        ~ ": run 'biodata-cache extract' first."
    ) }}
{%- endmacro %}

{% macro _check_lake(folder, files) -%}
    {#- A few files at once, each in a pipeline of its own: one file is hashed by one thread. -#}
    {%- for batch in files.rows | batch(8) -%}
        {%- set hashes = [] -%}
        {%- for file in batch -%}
            {%- do hashes.append(
                "select '" ~ file[0] ~ "' as name, sha256(content) = '" ~ file[1] ~ "' as is_sound "
                ~ "from read_blob(" ~ path_literal(folder ~ '/' ~ file[0]) ~ ")"
            ) -%}
        {%- endfor -%}
        {%- for file in run_query(hashes | join(' union all ')) if not file[1] -%}
            {{ exceptions.raise_compiler_error(
                "File " ~ folder ~ "/" ~ file[0] ~ " of the lake is damaged: run "
                ~ "'biodata-cache extract', which fetches again what it held."
            ) }}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}

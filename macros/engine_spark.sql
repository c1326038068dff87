{#
    What differs where Spark does the staging, and nothing else. The models stay what they are:
    Spark hands each of them to its executors, a task for each shard of the lake, and a task runs
    the SQL by DuckDB (biodata_cache/_pipeline/dbt/spark_task.py). So no row can differ.
#}

{#- Each task has the lake of its own shard; Spark itself reads none of it. -#}
{% macro spark__register_lake() -%}
{%- endmacro %}

{#- Spark builds no table of the cache. -#}
{% macro spark__make_cache_folders() -%}
{%- endmacro %}

{#- A statement that runs this model, and gives a row for each shard that was written. -#}
{% macro spark_tasks(model, sql) -%}
    {%- set shards = var('shards', 16) -%}
    {%- set module = 'biodata_cache._pipeline.dbt.spark_task' -%}
    {%- set job = {
        'sql': sql,
        'model': model.identifier,
        'schema': model.schema,
        'lake': lake_folder(),
        'out': var('staging_to'),
        'shards': shards,
        'memory': env_var('BIODATA_CACHE_MEMORY', '3GB'),
        'duckdb': var('duckdb', none),
    } -%}
    {#- As JSON that no quote, backslash or variable of Spark ends early. -#}
    {%- set text = tojson(job) | replace("'", "\\u0027") | replace("$", "\\u0024") -%}
    {#- One column each way: what stands between two depends on how Spark was built. -#}
    select transform(task)
        using '{{ var("python", env_var("PYSPARK_PYTHON", "python3")) }} -m {{ module }}'
        as (shard string)
    from (
        select
            concat(id, ' ', r'{{ text }}') as task
        from range(1, {{ shards + 1 }}, 1, {{ shards }})
    )
{%- endmacro %}

{% materialization staged, adapter="spark" %}
    {% call statement('main', fetch_result=true) -%}
        {{ spark_tasks(this, compiled_code) }}
    {%- endcall %}
    {%- set written = load_result('main').table | length -%}
    {%- if written != var('shards', 16) -%}
        {{ exceptions.raise_compiler_error(
            'Spark wrote ' ~ written ~ ' of ' ~ var('shards', 16) ~ ' shards.'
        ) }}
    {%- endif -%}

    {{ return({'relations': []}) }}
{% endmaterialization %}

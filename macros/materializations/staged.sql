{#
    A staging model whose rows are parquet files, and which is a view of them. With the variable
    `staging_to` this run writes them, into a folder for each model: one file with the name of
    `shard`. With `staging_from` another run has written them, maybe on another machine or engine.
#}
{% materialization staged, adapter="duckdb" %}
    {%- set target = this.incorporate(type='view') -%}
    {%- set folder = var('staging_from', none) or var('staging_to') -%}
    {%- set folder = folder ~ '/' ~ this.identifier -%}
    {{ run_hooks(pre_hooks) }}
    {{ drop_relation_if_exists(load_cached_relation(this)) }}
    {% if not var('staging_from', none) %}
        {% do make_folder(folder) %}
        {% do run_query(
            "copy (" ~ compiled_code ~ ") to '" ~ folder | replace("'", "''") ~ "/"
            ~ var('shard').name ~ ".parquet' (format parquet, compression zstd)"
        ) %}
    {% endif %}
    {% call statement('main') -%}
        {{ create_view_as(
            target,
            "select * from read_parquet(" ~ path_literal(folder)[:-1]
            ~ "/*.parquet', hive_partitioning = false)"
        ) }}
    {%- endcall %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks) }}

    {{ return({'relations': [target]}) }}
{% endmaterialization %}

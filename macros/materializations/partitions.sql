{#
    The files of a table in partitions, each `<key>=<value>/data_0.pqt`, or `data.pqt` if it has no
    rows: DuckDB numbers what it writes in partitions. `python_that_lists_files` names them.
#}

{% macro write_partitions(relation, folder, meta) -%}
    {%- set key = adapter.quote(meta.partition_key) -%}
    {%- set target = "'" ~ folder | replace("'", "''") ~ "'" -%}
    {% do make_folder(folder) %}
    {% do _write_empty_partitions(relation, target, meta) %}
    {#- Few partitions at once, so that DuckDB keeps the file of each open: one that it had closed
        would be followed by a second one. The window keeps the copy on one thread, and so the rows
        of a file in their order. -#}
    {%- set ranges -%}
        select
            replace(min(value), '''', '''''') as first_value,
            replace(max(value), '''', '''''') as last_value
        from (
            select value, (row_number() over (order by value) - 1) // 64 as batch
            from (select distinct {{ key }} as value from {{ relation }})
        )
        group by batch
        order by batch
    {%- endset -%}
    {%- for range in run_query(ranges) -%}
        {% do run_query(
            "copy (select * from " ~ relation ~ " where " ~ key ~ " between '" ~ range[0] ~ "' and '"
            ~ range[1] ~ "' qualify row_number() over () > 0) to " ~ target
            ~ " (format parquet, compression zstd, partition_by (" ~ key ~ "), "
            ~ "write_partition_columns true, overwrite_or_ignore true, "
            ~ "filename_pattern 'data_{i}', file_extension 'pqt')"
        ) %}
    {%- endfor -%}
{%- endmacro %}

{% macro _write_empty_partitions(relation, target, meta) -%}
    {%- set key = adapter.quote(meta.partition_key) -%}
    {%- set values -%}
        {%- if meta.get('partitions_from') -%}
        select distinct {{ key }} as value from {{ ref(meta.partitions_from) }}
        except
        select {{ key }} from {{ relation }}
        {%- else -%}
        select '' as value limit 0
        {%- endif -%}
    {%- endset -%}
    {#- A partitioned copy makes the folders, and removes each file of an earlier build; a second one
        without rows removes its own files again, as their names are not the ones of the contract. -#}
    {%- set options = "(format parquet, partition_by (" ~ key ~ "), overwrite true)" -%}
    {% do run_query(
        "copy (select value as " ~ key ~ ", 0 as nothing from (" ~ values ~ ")) to "
        ~ target ~ " " ~ options
    ) %}
    {% do run_query(
        "copy (select '' as " ~ key ~ ", 0 as nothing limit 0) to " ~ target ~ " " ~ options
    ) %}
    {%- set files -%}
        select concat({{ target }}, '/{{ meta.partition_key }}=', url_encode(value), '/data.pqt')
        from ({{ values }})
    {%- endset -%}
    {%- set copies = [] -%}
    {%- for file in run_query(files) -%}
        {%- do copies.append(
            "copy (select * from " ~ relation ~ " limit 0) to '" ~ file[0] | replace("'", "''")
            ~ "' (format parquet, compression zstd)"
        ) -%}
    {%- endfor -%}
    {%- for batch in copies | batch(100) -%}
        {% do run_query(batch | join(';\n')) %}
    {%- endfor -%}
{%- endmacro %}

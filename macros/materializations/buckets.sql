{#
    Python that writes one sorted object for each bucket of a large table. All rows pass once, in
    runs of neighbouring buckets that DuckDB can sort in memory: a query for each bucket would read
    and decompress the whole lake each time.
#}

{% macro python_that_writes_buckets(sql, folder, model) -%}
{%- set meta = model.config.meta -%}
{%- set columns, keys, files = [], [], [] -%}
{%- for column in model.columns.values() -%}
    {%- set name = adapter.quote(column.name) -%}
    {%- do columns.append('cast(' ~ name ~ ' as ' ~ column.data_type ~ ') as ' ~ name) -%}
{%- endfor -%}
{%- for name in meta.sort_order -%}
    {%- do keys.append(adapter.quote(name) ~ ' nulls last') -%}
{%- endfor -%}
{%- for bucket in range(meta.buckets) -%}
    {%- do files.append(bucket_file(folder, model.name, bucket)) -%}
{%- endfor -%}
import pyarrow
import pyarrow.compute
import pyarrow.parquet

FILES = {{ tojson(files) }}
ROWS = {{ tojson(
    'select bucket, ' ~ columns | join(', ') ~ ' from (' ~ sql ~ ')
    where bucket between ? and ? order by bucket, ' ~ keys | join(', ')
) }}
COUNT = {{ tojson('select count(*) from (' ~ sql ~ ')') }}
TEXTS = {
    "description": {{ tojson(model.description | trim) }},
    "columns": {{ tojson(tojson(texts_of_columns(model))) }},
}
SORTED_ROWS = 10_000
ROW_GROUP = 2048


class dbtObj:
    def __init__(self, load_table):
        pass


def model(dbt, connection):
    (count,) = connection.execute(COUNT).fetchone()
    step = max(1, min(len(FILES), len(FILES) * SORTED_ROWS // max(1, count)))
    for first in range(0, len(FILES), step):
        last = min(first + step, len(FILES)) - 1
        with connection.execute(ROWS, [first, last]).to_arrow_reader(ROW_GROUP) as reader:
            write_each(first, last, reader)


def write_each(first, last, reader):
    schema = reader.schema.remove(0)
    batch = next(reader, None)
    for bucket in range(first, last + 1):
        with pyarrow.parquet.ParquetWriter(
            FILES[bucket], schema, compression="zstd", use_dictionary=False, store_schema=False
        ) as writer:
            writer.add_key_value_metadata(TEXTS)
            rows = schema.empty_table()
            while batch is not None:
                own = batch.filter(pyarrow.compute.equal(batch["bucket"], bucket))
                rows = pyarrow.concat_tables(
                    [rows, pyarrow.Table.from_batches([own]).select(schema.names)]
                )
                while rows.num_rows >= ROW_GROUP:
                    writer.write_table(rows.slice(0, ROW_GROUP))
                    rows = rows.slice(ROW_GROUP)
                if batch["bucket"][-1].as_py() != bucket:  # the next one begins in it
                    break
                batch = next(reader, None)
            if rows.num_rows:
                writer.write_table(rows)


def materialize(nothing, connection):
    pass
{%- endmacro %}

{% macro buckets_written(folder, name, meta) -%}
    {%- set files = [] -%}
    {%- for bucket in range(meta.buckets) -%}
        {%- do files.append("'" ~ bucket_file(folder, name, bucket) | replace("'", "''") ~ "'") -%}
    {%- endfor -%}
    select * from read_parquet([{{ files | join(', ') }}], hive_partitioning = false)
{%- endmacro %}

{% macro bucket_file(folder, name, bucket) -%}
    {{ return(folder ~ '/' ~ name ~ '-' ~ '%02d' % bucket ~ '.pqt') }}
{%- endmacro %}

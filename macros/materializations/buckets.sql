{#
    Python that writes one sorted object for each bucket of a large table. All rows pass once, in
    runs of neighbouring buckets that DuckDB can sort in memory: a query for each bucket would read
    and decompress the whole lake each time.

    With a query for the rows of changed records, which stay in their bucket, these alone are made
    again, and merged into the objects of the last build, if they are few enough for the memory. An
    object without any is left alone.
#}

{% macro python_that_writes_buckets(sql, folder, model, sql_of_changed=none) -%}
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
{%- set selected = 'select bucket, ' ~ columns | join(', ') ~ ' from (' -%}
{%- set in_order = ' order by bucket, ' ~ keys | join(', ') -%}
import bisect
import pathlib

import pyarrow
import pyarrow.compute
import pyarrow.parquet

FILES = {{ tojson(files) }}
ROWS = {{ tojson(selected ~ sql ~ ') where bucket between ? and ?' ~ in_order) }}
COUNT = {{ tojson('select count(*) from (' ~ sql ~ ')') }}
KEY = {{ tojson(meta.record_key | default('')) }}
CHANGED_ROWS = {{ tojson(selected ~ sql_of_changed ~ ')' ~ in_order if sql_of_changed else '') }}
CHANGED_KEYS = {{ tojson('select record_id from ' ~ relation_of_changes('changed_record')) }}
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
    if CHANGED_ROWS:
        changed_keys = connection.execute(CHANGED_KEYS).to_arrow_table()["record_id"]
        if len(changed_keys) <= SORTED_ROWS:
            changed_rows = connection.execute(CHANGED_ROWS).to_arrow_table()
            update_each(changed_rows, changed_keys.combine_chunks())
            return
    (count,) = connection.execute(COUNT).fetchone()
    step = max(1, min(len(FILES), len(FILES) * SORTED_ROWS // max(1, count)))
    for first in range(0, len(FILES), step):
        last = min(first + step, len(FILES)) - 1
        with connection.execute(ROWS, [first, last]).to_arrow_reader(ROW_GROUP) as reader:
            write_each(first, last, reader)


def write_each(first, last, reader):
    batch = next(reader, None)

    def rows_of(bucket):
        nonlocal batch
        while batch is not None:
            yield batch.filter(pyarrow.compute.equal(batch["bucket"], bucket))
            if batch["bucket"][-1].as_py() != bucket:  # the next one begins in it
                break
            batch = next(reader, None)

    for bucket in range(first, last + 1):
        write(FILES[bucket], reader.schema.remove(0), rows_of(bucket))


def update_each(changed_rows, changed_keys):
    for bucket, file in enumerate(FILES):
        new = changed_rows.filter(pyarrow.compute.equal(changed_rows["bucket"], bucket))
        new = new.remove_column(0).combine_chunks()
        keys = pyarrow.parquet.read_table(file, columns=[KEY])[KEY]
        is_same = not pyarrow.compute.any(is_among(keys, changed_keys), min_count=0).as_py()
        if is_same and not new.num_rows:
            continue
        with pyarrow.parquet.ParquetFile(file) as old:
            unfinished = file + ".tmp"
            batches = old.iter_batches(ROW_GROUP, columns=new.column_names)
            write(unfinished, new.schema, merged(batches, changed_keys, new))
        pathlib.Path(unfinished).replace(file)


def is_among(keys, some):
    return pyarrow.compute.is_in(keys, value_set=some)


def merged(batches, changed_keys, new):
    """The sorted rows of an object without those of changed records, and the new rows between."""
    new_keys = new[KEY].to_pylist()
    done = 0
    for batch in batches:
        kept = batch.filter(pyarrow.compute.invert(is_among(batch[KEY], changed_keys)))
        keys = kept[KEY].to_pylist()
        start = 0
        while done < len(new_keys) and keys and new_keys[done] < keys[-1]:
            end = bisect.bisect(keys, new_keys[done])
            yield from (kept.slice(start, end - start), new.slice(done, 1))
            start, done = end, done + 1
        yield kept.slice(start)
    yield new.slice(done)


def write(file, schema, batches):
    """Row groups of one length, each in one piece: the bytes do not say in which it came."""
    with pyarrow.parquet.ParquetWriter(
        file, schema, compression="zstd", use_dictionary=False, store_schema=False
    ) as writer:
        writer.add_key_value_metadata(TEXTS)
        rows = schema.empty_table()
        for batch in batches:
            columns = [batch[name] for name in schema.names]
            rows = pyarrow.concat_tables([rows, pyarrow.Table.from_arrays(columns, schema=schema)])
            while rows.num_rows >= ROW_GROUP:
                writer.write_table(rows.slice(0, ROW_GROUP).combine_chunks())
                rows = rows.slice(ROW_GROUP)
        if rows.num_rows:
            writer.write_table(rows.combine_chunks())


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

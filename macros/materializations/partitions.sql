{#
    Python that writes the files of a table in partitions, in one pass over its sorted rows. The
    file of a partition that has not changed is left alone: a publish need not look at it again.
    With a query for the values of the key whose rows have changed, no other rows are read.

    DuckDB cannot do it in one: a partitioned copy numbers its files, and may mix the rows of one
    that is longer than a chunk, also on one thread. A copy for each partition costs twice as much,
    and more with each partition there is.
#}

{% macro python_that_writes_partitions(relation, folder, model, changed_keys=none) -%}
{%- set meta = model.config.meta -%}
{%- set key = adapter.quote(meta.partition_key) -%}
{%- set rows = 'select * from ' ~ relation -%}
{%- if changed_keys -%}
    {%- set rows = sorted(rows ~ ' where ' ~ key ~ ' in (' ~ changed_keys ~ ')', model, meta) -%}
{%- endif -%}
{%- set values_without_rows -%}
    {%- if meta.get('partitions_from') -%}
    select distinct {{ key }} from {{ ref(meta.partitions_from) }}
    except
    select {{ key }} from {{ relation }}
    {%- else -%}
    select '' limit 0
    {%- endif -%}
{%- endset -%}
import io
import shutil
from pathlib import Path
from urllib.parse import quote

import pyarrow
import pyarrow.compute
import pyarrow.parquet

FOLDER = Path({{ tojson(folder) }})
KEY = {{ tojson(meta.partition_key) }}
ROWS = {{ tojson(rows) }}
VALUES = {{ tojson('select distinct ' ~ key ~ ' from ' ~ relation) }}
VALUES_WITHOUT_ROWS = {{ tojson(values_without_rows) }}
CHANGED = {{ tojson(changed_keys or '') }}


class dbtObj:
    def __init__(self, load_table):
        pass


def model(dbt, connection):
    FOLDER.mkdir(parents=True, exist_ok=True)
    earlier = {path.name for path in FOLDER.iterdir()}
    written = set()
    parts, value_of_parts = [], None
    with connection.execute(ROWS).to_arrow_reader(122_880) as reader:
        schema = reader.schema
        for batch in reader:
            for value, rows in slices(batch):
                if parts and value != value_of_parts:
                    write(value_of_parts, pyarrow.Table.from_batches(parts), written)
                    parts = []
                value_of_parts = value
                parts.append(rows)
    if parts:
        write(value_of_parts, pyarrow.Table.from_batches(parts), written)
    left = earlier - written
    if CHANGED:
        changed = {name_of(value) for (value,) in connection.execute(CHANGED).fetchall()}
        left -= {name_of(value) for (value,) in connection.execute(VALUES).fetchall()}
        kept = left - changed  # had no rows
    else:
        kept = set()
    for (value,) in connection.execute(VALUES_WITHOUT_ROWS).fetchall():
        if name_of(value) not in kept:
            write(value, schema.empty_table(), written)
        left.discard(name_of(value))
    for name in left:
        remove(FOLDER / name)


def name_of(value):
    return f"{KEY}={quote(value, safe='')}"


def slices(batch):
    """The rows of each value of the key, by which they are sorted."""
    runs = pyarrow.compute.run_end_encode(batch[KEY])
    start = 0
    for value, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist()):
        yield value, batch.slice(start, end - start)
        start = end


def write(value, rows, written):
    folder = FOLDER / name_of(value)
    if folder.name in written:
        raise ValueError(f"{folder} would have a second part")
    written.add(folder.name)
    file = io.BytesIO()
    pyarrow.parquet.write_table(rows, file, compression="zstd", store_schema=False)
    path = folder / "data.pqt"
    if folder.is_dir() and list(folder.iterdir()) == [path] and path.is_file():
        if path.read_bytes() == file.getvalue():
            return
    if folder.exists():
        remove(folder)
    folder.mkdir()
    path.write_bytes(file.getvalue())


def remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def materialize(nothing, connection):
    pass
{%- endmacro %}

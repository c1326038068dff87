{#
    Python that writes the files of a table in partitions, in one pass over its sorted rows.

    DuckDB cannot do it in one: a partitioned copy numbers its files, and may mix the rows of one
    that is longer than a chunk, also on one thread. A copy for each partition costs twice as much,
    and more with each partition there is.
#}

{% macro python_that_writes_partitions(relation, folder, meta) -%}
{%- set key = adapter.quote(meta.partition_key) -%}
{%- set values_without_rows -%}
    {%- if meta.get('partitions_from') -%}
    select distinct {{ key }} from {{ ref(meta.partitions_from) }}
    except
    select {{ key }} from {{ relation }}
    {%- else -%}
    select '' limit 0
    {%- endif -%}
{%- endset -%}
import shutil
from pathlib import Path
from urllib.parse import quote

import pyarrow
import pyarrow.compute
import pyarrow.parquet

FOLDER = Path({{ tojson(folder) }})
KEY = {{ tojson(meta.partition_key) }}
ROWS = {{ tojson('select * from ' ~ relation) }}
VALUES_WITHOUT_ROWS = {{ tojson(values_without_rows) }}


class dbtObj:
    def __init__(self, load_table):
        pass


def model(dbt, connection):
    if FOLDER.exists():  # with the partitions of an earlier build
        shutil.rmtree(FOLDER)
    FOLDER.mkdir(parents=True)
    parts, value_of_parts = [], None
    with connection.execute(ROWS).to_arrow_reader(122_880) as reader:
        schema = reader.schema
        for batch in reader:
            for value, rows in slices(batch):
                if parts and value != value_of_parts:
                    write(value_of_parts, pyarrow.Table.from_batches(parts))
                    parts = []
                value_of_parts = value
                parts.append(rows)
    if parts:
        write(value_of_parts, pyarrow.Table.from_batches(parts))
    for (value,) in connection.execute(VALUES_WITHOUT_ROWS).fetchall():
        write(value, schema.empty_table())


def slices(batch):
    """The rows of each value of the key, by which they are sorted."""
    runs = pyarrow.compute.run_end_encode(batch[KEY])
    start = 0
    for value, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist()):
        yield value, batch.slice(start, end - start)
        start = end


def write(value, rows):
    path = FOLDER / f"{KEY}={quote(value, safe='')}" / "data.pqt"
    path.parent.mkdir()  # a second part of one partition would be a fault
    pyarrow.parquet.write_table(rows, path, compression="zstd", store_schema=False)


def materialize(nothing, connection):
    pass
{%- endmacro %}

{#
    Python that names the files of partitions as the contract does, and lists the files of a table:
    DuckDB can neither rename a file, nor hash one without holding all of it. Patterns and folder of
    the partitions are relative to the folder of the cache in the build area.
#}

{% macro python_that_lists_files(relation, folder, patterns, partitions=none) -%}
{%- set listed = relation.incorporate(path={'identifier': relation.identifier ~ '__files'}) -%}
import hashlib
from pathlib import Path

import pyarrow
import pyarrow.parquet

FOLDER = Path({{ tojson(folder) }})


class dbtObj:
    def __init__(self, load_table):
        pass


def model(dbt, connection):
    {%- if partitions %}
    name_files(FOLDER / {{ tojson(partitions) }})
    {%- endif %}
    paths = sorted(path for pattern in {{ tojson(patterns) }} for path in FOLDER.glob(pattern))
    rows = [pyarrow.parquet.read_metadata(path).num_rows for path in paths]
    return pyarrow.table(
        {
            "path": pyarrow.array([path.relative_to(FOLDER).as_posix() for path in paths], "string"),
            "rows": pyarrow.array(rows, "int64"),
            "bytes": pyarrow.array([path.stat().st_size for path in paths], "int64"),
            "sha256": pyarrow.array([hash_of(path) for path in paths], "string"),
        }
    )


def name_files(folder):
    for path in list(folder.glob("*/data_*.pqt")):
        target = path.with_name("data.pqt")
        if target.exists():
            raise FileExistsError(f"{path} is a second file of one partition")
        path.rename(target)


def hash_of(path):
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def materialize(files, connection):
    connection.execute({{ tojson('create or replace table ' ~ listed ~ ' as select * from files') }})
{%- endmacro %}

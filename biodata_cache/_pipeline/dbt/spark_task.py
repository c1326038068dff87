"""A task of Spark: the SQL of one staging model, run by DuckDB over one shard of the lake.

An executor of Spark starts it as a process, with a line on standard input for each shard: its
number, a blank, and the job as JSON. The name of the shard goes back. So an executor needs this
package, and sees the folders of the lake and of staging; it needs no PySpark.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from biodata_cache._core.errors import BuildError
from biodata_cache._core.foreign import NotJsonError
from biodata_cache._core.sqltext import literal, parquet_of
from biodata_cache._core.typed import typed_json
from biodata_cache._pipeline.dbt.staging import Shard

if TYPE_CHECKING:
    from collections.abc import Iterator

_LAKE = "docdb_v2"


@dataclass(frozen=True)
class Job:
    """One staging model, as macros/engine_spark.sql hands it over.

    Attributes:
        sql: The compiled model.
        schema: The schema of staging models, by which they name each other.
        out: Folder of what is written, one folder for each shard.
        memory: Memory of DuckDB in one task, such as `3GB`.
        duckdb: Version of DuckDB that it must be run by; any if None.
    """

    sql: str
    model: str
    schema: str
    lake: str
    out: str
    shards: int
    memory: str
    duckdb: str | None


@dataclass(frozen=True)
class _File:
    name: str


@dataclass(frozen=True)
class _Listed:
    files: list[_File]


def run(job: Job, shard: Shard) -> None:
    """Write the rows of a shard to `<out>/<shard>/<model>/<shard>.parquet`.

    Raises:
        BuildError: If this machine has another version of DuckDB, or a file cannot be read.
    """
    if job.duckdb not in {None, duckdb.__version__}:
        raise BuildError(
            f"An executor of Spark has DuckDB {duckdb.__version__}, and the build {job.duckdb}: "
            "install the same version on both."
        )
    folder = Path(job.out) / shard.name
    path = folder / job.model / f"{shard.name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    # Spark may run a task twice, even at once: a file is complete whichever of them wrote it.
    unfinished = path.with_suffix(f".{os.getpid()}")
    lake, earlier = _lake_files(Path(job.lake) / _LAKE), sorted(folder.glob("*/*.parquet"))
    with (
        _named_errors(job, folder),
        tempfile.TemporaryDirectory() as temporary,
        duckdb.connect() as connection,
    ):
        # One task has one core.
        connection.execute("set threads = 1; set TimeZone = 'UTC'")
        connection.execute(f"set memory_limit = {literal(job.memory)}")
        connection.execute(f"set temp_directory = {literal(temporary)}")
        for schema in ("lake", job.schema):
            connection.execute(f"create schema {schema}")
        first, last = shard.buckets
        connection.execute(
            f"create view lake.{_LAKE} as from {parquet_of(lake)} "
            f"where bucket between {first} and {last}"
        )
        for file in earlier:
            if file != path:
                name = f"{job.schema}.{file.parent.name}"
                connection.execute(f"create view {name} as from {parquet_of([file])}")
        connection.execute(
            f"copy ({job.sql}\n) to {literal(str(unfinished))} (format parquet, compression zstd)"
        )
    unfinished.replace(path)


@contextmanager
def _named_errors(job: Job, folder: Path) -> Iterator[None]:
    """Say of an error of DuckDB which model it is of, and where its files are."""
    try:
        yield
    except (duckdb.Error, UnicodeDecodeError) as error:
        reason = str(error).partition("\n")[0]
        raise BuildError(
            f"{job.model} cannot be made of the files in {Path(job.lake) / _LAKE} and {folder} "
            f"({reason}): extract again if a file is damaged, and build again."
        ) from None


def _lake_files(folder: Path) -> list[Path]:
    """The files that the list of the lake names.

    Raises:
        BuildError: If the list is missing or damaged.
    """
    path = folder / "files.json"
    try:
        listed = typed_json(path.read_bytes(), _Listed)
    except (NotJsonError, OSError) as error:
        raise BuildError(
            f"{path} is no list of the lake's files ({error}): extract again."
        ) from None
    return [folder / file.name for file in listed.files]


def main() -> None:
    """Run the tasks that Spark sends."""
    for line in sys.stdin:
        number, job_text = line.split(" ", 1)
        job = typed_json(job_text, Job)
        shard = Shard(job.shards, int(number))
        run(job, shard)
        sys.stdout.write(f"{shard.name}\n")


if __name__ == "__main__":
    main()

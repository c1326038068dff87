"""Raw lakes of one file format each, that are small beside the records: what was asked, and copies.

As in the lake of records, a file appears under its name only when it is whole, and each folder
holds at least one file, if only for its schema: dbt reads them all.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from extract.lake.folder import Folder, finish

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

SCHEMA = pa.schema(
    [
        pa.field("location", pa.string(), nullable=False),
        pa.field("key", pa.string()),
        pa.field("content", pa.large_string()),
        pa.field("problem", pa.string()),
        pa.field("asked_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("store", pa.string(), nullable=False),
    ]
)
FILE_BYTES = 64 * 2**20
MOST_FILES = 32
_EMPTY = "schema.parquet"
_COMPACTED = "-compact"  # what comes after the newest file that it stands for


class Answers:
    """What an object store answered to one kind of question: rows that are appended, run by run.

    An answer is all rows of a location with its newest `asked_at`: one for each object that was
    found, with its key below the location, or one without a key.

    Args:
        raw: Folder of all lakes.
        kind: Kind of question, for example `trainer_states`.
    """

    def __init__(self, raw: Path, kind: str) -> None:
        """Makes the folder and the file of its schema, and removes what a killed run left."""
        self.kind = kind
        self.folder = raw / f"objects_{kind}"
        ensure_schema(self.folder, SCHEMA)
        self._finish_compaction()
        self._rows: list[tuple[Any, ...]] = []
        self._bytes = 0
        self._number = 0

    def files(self) -> list[str]:
        """Finished files, the one of the schema first of all."""
        return [str(self.folder / _EMPTY), *sorted(str(path) for path in self._data_files())]

    def add(self, rows: Iterable[tuple[Any, ...]], asked_at: datetime, store: str) -> None:
        """Append the answer about one location: `(location, key, content, problem)` each."""
        for row in rows:
            self._rows.append((*row, asked_at, store))
            self._bytes += 100 + len(row[2] or "")
        if self._bytes >= FILE_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what is gathered: from here on it survives a kill."""
        if not self._rows:
            return
        columns = zip(*self._rows, strict=True)
        table = pa.Table.from_arrays(
            [
                pa.array(list(values), type=field.type)
                for values, field in zip(columns, SCHEMA, strict=True)
            ],
            schema=SCHEMA,
        )
        stamp = f"{self._rows[0][4]:%Y%m%dT%H%M%S%fZ}"
        write_whole(table, self.folder / f"{stamp}-{self._number:04}.parquet")
        self._rows, self._bytes = [], 0
        self._number += 1

    def compact(self, locations: Iterable[str]) -> None:
        """Rewrite many files as one: newest answers only, and none about assets that are gone."""
        old = self._data_files()
        if len(old) <= MOST_FILES:
            return
        target = self.folder / f"{max(path.stem for path in old)}{_COMPACTED}.parquet"
        unfinished = target.with_name(f".{target.name}.tmp")
        wanted = pa.table({"location": pa.array(list(locations), type=pa.string())})
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.register("wanted", wanted)
            connection.execute(
                _COMPACT.format(target=str(unfinished).replace("'", "''")),
                {"files": [str(path) for path in old]},
            )
        finish(unfinished, target)
        self._finish_compaction()

    def _finish_compaction(self) -> None:
        """Remove the files that a compact one stands for, also after a run that was killed here."""
        compact = max(
            (path.stem for path in self.folder.glob(f"*{_COMPACTED}.parquet")), default=""
        )
        for path in self._data_files():
            if path.stem < compact:
                path.unlink()

    def _data_files(self) -> list[Path]:
        return [path for path in self.folder.glob("*.parquet") if path.name != _EMPTY]


# Grain: one row per location and object, of the newest answer about each location.
_COMPACT = """
copy (
    with answer as (
        select * from read_parquet($files)
    ),

    newest as (
        select answer.location, max(answer.asked_at) as asked_at
        from answer
        inner join wanted on answer.location = wanted.location
        group by all
    )

    select distinct answer.*
    from answer
    inner join newest
        on answer.location = newest.location and answer.asked_at = newest.asked_at
    order by answer.location, answer.key
) to '{target}' (format parquet, compression zstd)
"""


@contextmanager
def locked(raw: Path) -> Iterator[None]:
    """Keep other writers of these lakes out; a lock dies with the process that holds it.

    Raises:
        LakeError: The folder cannot be written.
        LockedError: Another process is writing.
    """
    lock = Folder(raw).lock(
        ".objects.lock",
        f"Another extract is asking for the objects of the lake {raw}: wait until it has ended, or "
        "give this run a lake of its own with --raw.",
    )
    try:
        yield
    finally:
        lock.release()


def ensure_schema(folder: Path, schema: pa.Schema) -> None:
    """Make a folder with a file that holds columns and no rows; remove unfinished files."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob(".*.tmp"):
        path.unlink()
    path = folder / _EMPTY
    if not path.exists() or not pq.read_schema(path).equals(schema):
        write_whole(schema.empty_table(), path)


def write_whole(table: pa.Table, path: Path) -> None:
    """Write a parquet file that appears under its name when its bytes are on the disk.

    Raises:
        LakeError: The disk is full, or cannot be written.
    """
    file = Folder(path.parent).create(path.name, table.schema, compression="zstd")
    file.write(table)
    file.finish()

"""Raw lakes that are small compared with the records: responses, and copies of tables.

As in the lake of records, what the list of a folder names is the lake, and each holds at least one
file, if only for its schema.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from extract.lake.folder import Folder
from extract.lake.reading import sweep
from extract.lake.state import database_errors, paths_of

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
_EMPTY = "schema"
_NUMBERED = re.compile(r".*-(\d{4,})\.parquet", re.ASCII)


class TableFolder:
    """A folder of tables, each a file that is replaced as a whole, and their list.

    A list that is lost is made again, of the files that are there. A file that is damaged leaves
    it, and its content is copied or requested again.

    Args:
        path: The folder.
        schema: Columns that it has even without any table.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        """Makes the folder, and removes what a killed run left.

        Raises:
            LakeError: If the folder cannot be read or written.
        """
        self.path = path
        self._store = Folder(path)
        path.mkdir(parents=True, exist_ok=True)
        self._store.remove_unfinished()
        if not self._store.has_list():
            numbered = filter(_NUMBERED.fullmatch, self._store.names())
            self._store.commit(self._store.measured(name) for name in numbered)
        listed = self._store.listed()
        damaged = self._store.damage(listed)
        if damaged:
            self._store.commit(file for file in listed if file.name not in damaged)
        held = self.schema(_EMPTY)
        if held is None or not held.equals(schema):
            self.write(_EMPTY, schema.empty_table())
        self.sweep()

    def files(self) -> list[Path]:
        """The files of the folder."""
        return [self.path / file.name for file in self._store.listed()]

    def find(self, key: str) -> Path | None:
        """The file of a table; None if there is none."""
        return next((path for path in self.files() if _key_of(path.name) == key), None)

    def schema(self, key: str) -> pa.Schema | None:
        """The columns and metadata of a table; None if there is none."""
        path = self.find(key)
        if path is None:
            return None
        with self._store.open(path.name) as file:
            return file.schema_arrow

    def note(self, key: str, name: str) -> str | None:
        """The metadata of a table under this key; None if it has none, or is not there."""
        schema = self.schema(key)
        content = None if schema is None else (schema.metadata or {}).get(name.encode())
        return None if content is None else str(content.decode())

    def read(self, key: str) -> pa.Table | None:
        """A table; None if there is none."""
        path = self.find(key)
        if path is None:
            return None
        with self._store.open(path.name) as file:
            return file.read()

    def write(self, key: str, table: pa.Table) -> None:
        """Write a table in the place of the one of that name, unless it is the same.

        Raises:
            LakeError: If the disk is full, or cannot be written.
        """
        held = self.read(key)
        if held is None or not held.equals(table) or held.schema.metadata != table.schema.metadata:
            self.replace(key, table)

    def replace(self, key: str, table: pa.Table, remove: Iterable[Path] = ()) -> None:
        """Write a table, and remove files for it, in one step."""
        number = 1 + max((_number_of(name) for name in self._store.names()), default=0)
        file = self._store.create(f"{key}-{number:04}.parquet", table.schema, compression="zstd")
        file.write(table)
        finished = file.finish(number, (0, 15))
        gone = {path.name for path in remove}
        listed = self._store.listed()
        kept = [each for each in listed if each.name not in gone and _key_of(each.name) != key]
        self._store.commit([*kept, finished])
        self.sweep()

    def remove(self, key: str) -> None:
        """Remove a table, if it is there."""
        listed = self._store.listed()
        kept = [file for file in listed if _key_of(file.name) != key]
        if kept != listed:
            self._store.commit(kept)
            self.sweep()

    def sweep(self) -> None:
        """Remove files that are not listed, unless they may be in use."""
        sweep(self._store)


def _key_of(name: str) -> str:
    """The name of the table that a listed file holds."""
    return name.rpartition("-")[0]


def _number_of(name: str) -> int:
    match = _NUMBERED.fullmatch(name)
    return int(match[1]) if match is not None else 0


class ResponseTable:
    """Responses of an object store to one kind of probe: rows that are appended, run by run.

    A response is all rows of a location with its newest `asked_at`: one for each object that was
    found, with its key below the location, or one without a key.

    Args:
        raw: Folder of all lakes.
        kind: Kind of probe, for example `trainer_states`.
    """

    def __init__(self, raw: Path, kind: str) -> None:
        """Makes the folder and the file of its schema, and removes what a killed run left."""
        self.kind = kind
        self._tables = TableFolder(raw / f"objects_{kind}", SCHEMA)
        self._rows: list[tuple[Any, ...]] = []
        self._bytes = 0

    def files(self) -> list[str]:
        """Its files, as patterns of DuckDB."""
        return paths_of(self._tables.files())

    def add(self, rows: Iterable[tuple[Any, ...]], asked_at: datetime, store: str) -> None:
        """Append the response about one location: `(location, key, content, problem)` each."""
        for row in rows:
            self._rows.append((*row, asked_at, store))
            self._bytes += 100 + len(row[2] or "")
        if self._bytes >= FILE_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write the collected rows: from here on they survive a kill."""
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
        self._tables.replace(f"{self._rows[0][4]:%Y%m%dT%H%M%S%fZ}-{len(self.files()):04}", table)
        self._rows, self._bytes = [], 0

    def forget_sample(self) -> None:
        """Remove the responses of the sample's store, which no other source has."""
        for key in [_key_of(path.name) for path in self._tables.files()]:
            table = self._tables.read(key)
            if table is None:
                continue
            stores = table["store"].to_pylist()
            is_other = [store.partition(":")[0] != "sample" for store in stores]
            others = table.filter(pa.array(is_other, type=pa.bool_()))
            if others.num_rows == 0 and table.num_rows:
                self._tables.remove(key)
            elif others.num_rows < table.num_rows:
                self._tables.replace(key, others)

    def compact(self, locations: Iterable[str]) -> None:
        """Rewrite many files as one: newest responses only, and none about assets that are gone.

        Raises:
            LakeError: If the folder cannot be read or written.
        """
        old = [path for path in self._tables.files() if _key_of(path.name) != _EMPTY]
        if len(old) <= MOST_FILES:
            return
        wanted = pa.table({"location": pa.array(list(locations), type=pa.string())})
        with duckdb.connect() as connection, database_errors(self._tables.path):
            connection.execute("set TimeZone = 'UTC'")
            connection.register("wanted", wanted)
            connection.execute(_COMPACT, {"files": paths_of(old)})
            table = connection.to_arrow_table().cast(SCHEMA)
        self._tables.replace(f"{max(_key_of(path.name) for path in old)}-compact", table, old)


# Grain: one row per location and object, of the newest response about each location.
_COMPACT = """
with response as (
    select * from read_parquet($files, hive_partitioning = false)
),

newest as (
    select response.location, max(response.asked_at) as asked_at
    from response
    inner join wanted on response.location = wanted.location
    group by all
)

select distinct response.*
from response
inner join newest
    on response.location = newest.location and response.asked_at = newest.asked_at
order by response.location, response.key
"""


@contextmanager
def locked(raw: Path) -> Iterator[None]:
    """Keep other writers of these lakes out; a lock dies with the process that holds it.

    Raises:
        LakeError: If the folder cannot be written.
        LockedError: If another process is writing.
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

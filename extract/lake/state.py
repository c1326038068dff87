"""The state of a lake, as tables of a database that spills to disk.

Nothing here grows with the number of records in Python: a comparison asks for the records of one
batch, or for a count, or for the rows of a query page by page.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import pyarrow as pa

from biodata_cache._core.errors import LakeError
from biodata_cache._core.interrupts import interrupts
from biodata_cache._core.sqltext import literal, pattern_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from types import TracebackType

_PAGE = 10_000
_RUNS = "create table runs as select distinct run, source, extracted_at from lake_row"
_EMPTY = """
create table live (_id varchar, run bigint, content_hash varchar, last_modified varchar);
create table runs (run bigint, source varchar, extracted_at timestamptz)
"""
_KNOWN = """
select live._id, live.content_hash, live.last_modified
from live
semi join requested on live._id = requested.text
"""
_SOURCES = "select distinct source from runs where run in (select distinct run from live)"


class RecordVersion(NamedTuple):
    """The newest version of a live record, as far as a comparison needs it.

    Attributes:
        hashes: Content hashes; several where its source held several documents with one `_id`.
    """

    hashes: frozenset[str]
    last_modified: str | None


class State:
    """The state of a lake: the newest version of each record.

    Args:
        files: Files of the lake.
        spill: Folder to which the database may spill.
        memory: Memory limit of the database.

    Attributes:
        live: Number of records that are not deleted.
        sources: Where they came from.
        newest_extract: The latest time of a run; None without any.
    """

    def __init__(self, files: Sequence[Path], spill: Path, memory: str) -> None:
        """Reads the columns that comparisons need from all files.

        Raises:
            LakeError: If a file cannot be read.
        """
        self._connection = connect(spill, memory)
        folder = files[0].parent if files else spill.parent
        with database_errors(folder):
            if files:
                paths = ", ".join(literal(path) for path in paths_of(files))
                self.execute(
                    "create view lake_row as select * "
                    f"from read_parquet([{paths}], hive_partitioning = false)"
                )
                self.execute(Path(__file__).with_name("state.sql").read_text(encoding="utf-8"))
                self.execute(_RUNS)
            else:
                self.execute(_EMPTY)
            self.live = int(self.value("select count(distinct _id) from live"))
            self.sources = frozenset(row[0] for row in self.rows(_SOURCES))
            self.newest_extract: datetime | None = _instant(
                self.value("select epoch_us(max(extracted_at)) from runs")
            )

    def known(self, ids: Iterable[str]) -> dict[str, RecordVersion]:
        """The live ones of a batch of records, by `_id`."""
        if not self.live:
            return {}
        versions: dict[str, RecordVersion] = {}
        for record_id, content_hash, last_modified in self.rows_of(list(ids), _KNOWN):
            others = versions[record_id].hashes if record_id in versions else frozenset()
            versions[record_id] = RecordVersion(others | {content_hash}, last_modified)
        return versions

    def execute(self, query: str, parameters: dict[str, Any] | None = None) -> None:
        """Run a statement."""
        self._connection.cursor().execute(query, parameters or {})

    def value(self, query: str) -> Any:  # noqa: ANN401
        """The single value of a query."""
        row = self._connection.cursor().execute(query).fetchone()
        return None if row is None else row[0]

    def rows(
        self, query: str, parameters: dict[str, Any] | None = None
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, page by page; other queries may run in between."""
        cursor = self._connection.cursor()
        try:
            cursor.execute(query, parameters or {})
            while page := cursor.fetchmany(_PAGE):
                yield from page
        finally:
            cursor.close()

    def insert(self, table: str, rows: pa.Table) -> None:
        """Append rows to a table, matching columns by name."""
        if rows.num_rows:
            with self.registered("added", rows) as cursor:
                cursor.execute(f"insert into {table} by name select * from added")

    def rows_of(self, texts: Sequence[str], query: str) -> list[tuple[Any, ...]]:
        """All rows of a query on the table `requested`, whose column `text` has these texts."""
        requested = pa.table({"text": pa.array(texts, pa.string())})
        with self.registered("requested", requested) as cursor:
            return cursor.execute(query).fetchall()

    @contextmanager
    def registered(self, name: str, rows: pa.Table) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor with in-memory rows registered as a table."""
        cursor = self._connection.cursor()
        try:
            cursor.register(name, rows)
            yield cursor
        finally:
            cursor.close()

    def close(self) -> None:
        """Close the database and remove its spilled data."""
        self._connection.close()

    def __enter__(self) -> State:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Closes the database."""
        self.close()


def connect(spill: Path, memory: str) -> duckdb.DuckDBPyConnection:
    """An in-memory database that spills to a folder."""
    connection = duckdb.connect(
        config={
            "memory_limit": memory,
            "temp_directory": str(spill),
            "threads": 2,
            "preserve_insertion_order": False,
            "arrow_large_buffer_size": True,
        }
    )
    connection.execute("set TimeZone = 'UTC'")
    return connection


def paths_of(files: Iterable[Path]) -> list[str]:
    """Paths for DuckDB, with glob characters escaped."""
    return [pattern_of(str(file)) for file in files]


@contextmanager
def database_errors(folder: Path) -> Iterator[None]:
    """Translate errors of DuckDB into a `LakeError` with the folder of the files.

    Raises:
        LakeError: If the files cannot be read, or memory or disk is full.
    """
    try:
        with interrupts():
            yield
    except (duckdb.Error, pa.ArrowException, UnicodeDecodeError) as error:
        text = str(error).partition("\n")[0].rstrip(".")
        raise LakeError(
            f"The lake {folder} cannot be read ({text}): if a file of it is named, remove that and "
            "extract again, what it held is fetched anew; else make room."
        ) from None


def _instant(microseconds: int | None) -> datetime | None:
    """A datetime in UTC, made without pytz and pandas."""
    from datetime import datetime, timedelta, timezone  # noqa: PLC0415

    if microseconds is None:
        return None
    try:
        return datetime.fromtimestamp(0, timezone.utc) + timedelta(microseconds=microseconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=timezone.utc)

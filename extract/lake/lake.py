"""The raw lake: immutable parquet files, one row per version of a record.

The state is the lake itself: what was read, when and from where stands in the rows, and nothing
else has to agree with it. A file appears under its name only when it is whole, so a run that is
killed leaves a lake from which the next one continues. A record that is gone gets a tombstone, a
row without sections. Staging keeps the newest version of each `_id`.
"""

from __future__ import annotations

import filecmp
import re
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from extract.lake.documents import BUCKETS, IDENTITY, SECTIONS, Row, bucket_of
from extract.lake.folder import Folder, UnfinishedFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["BUCKETS", "Known", "Lake", "LakeWriter", "RejectWriter", "State"]

SCHEMA = pa.schema(
    [
        pa.field("_id", pa.string(), nullable=False),
        *(pa.field(name, pa.string()) for name in IDENTITY),
        *(pa.field(name, pa.large_string()) for name in SECTIONS),
        pa.field("extra", pa.large_string()),
        pa.field("extracted_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("position", pa.int64(), nullable=False),
        pa.field("bucket", pa.uint8(), nullable=False),
        pa.field("content_hash", pa.string()),
        pa.field("is_deleted", pa.bool_(), nullable=False),
    ]
)
REJECT_SCHEMA = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("file", pa.string(), nullable=False),
        pa.field("line", pa.int64()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("document", pa.large_binary()),
    ]
)
REPAIRED = "repaired: "
"""How the reasons of documents begin that are in the lake, but not quite as they were."""

GROUP_ROWS = 1_000
GROUP_BYTES = 64 * 2**20
FILE_BYTES = 512 * 2**20
CHECKPOINT_SECONDS = 30.0
_RUN = re.compile(r"(\d{8}T\d{12})Z-\d+\.parquet")
_RUN_FORMAT = "%Y%m%dT%H%M%S%f"
_EPOCH = datetime.fromtimestamp(0, timezone.utc)


class Known(NamedTuple):
    """The newest version of a living record, as far as a comparison needs it.

    Attributes:
        hashes: Content hashes; several where its source held several documents with one `_id`.
        stamp: `_last_modified` as text.
    """

    hashes: frozenset[str]
    stamp: str | None


@dataclass(frozen=True)
class State:
    """What a lake holds.

    Attributes:
        living: The records that are not deleted, by `_id`.
        last_run: When the newest run was; None for an empty lake.
        sources: Where the living records came from.
    """

    living: dict[str, Known]
    last_run: datetime | None
    sources: frozenset[str]


class Lake:
    """The lake of one collection below a raw folder.

    Args:
        raw: Folder of all lakes.
        collection: Name of the collection, for example `docdb_v2`.

    Example:
        >>> from pathlib import Path
        >>> Lake(Path("somewhere"), "docdb_v2").folder.as_posix()
        'somewhere/docdb_v2'
    """

    def __init__(self, raw: Path, collection: str) -> None:
        """Names the folders; touches nothing."""
        self.raw = raw
        self.collection = collection
        self.folder = raw / collection
        self.store = Folder(self.folder)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other writers out; a lock dies with the process that holds it.

        Raises:
            LockedError: Another process is writing.
        """
        lock = Folder(self.raw).lock(
            f".{self.collection}.lock",
            f"Another extract is writing the lake {self.folder}: wait until it has ended, "
            "or give this run a lake of its own with --raw.",
        )
        try:
            self.store.remove_unfinished()
            yield
        finally:
            lock.release()

    def files(self) -> list[Path]:
        """Finished files in the order in which they were written."""
        return [self.folder / name for name in self.store.names()]

    def state(self) -> State:
        """Read what the lake holds.

        Raises:
            LakeError: A file cannot be read.
        """
        newest: dict[str, tuple[datetime, frozenset[str], str | None, str]] = {}
        last_run: datetime | None = None
        for name in self.store.names():
            last_run = _later(last_run, run_of(name))
            compared = ("_id", "extracted_at", "content_hash", "_last_modified", "is_deleted")
            rows = self.columns(name, *compared, "source")
            for record_id, run, content_hash, stamp, is_deleted, source in rows:
                hashes = frozenset() if is_deleted else frozenset((content_hash,))
                known = newest.get(record_id)
                last_run = _later(last_run, run)
                if known is not None and known[0] > run:
                    continue
                if known is not None and known[0] == run:
                    hashes |= known[1]
                newest[record_id] = (run, hashes, stamp, source)
        living = {
            record_id: Known(hashes, stamp)
            for record_id, (_, hashes, stamp, _) in newest.items()
            if hashes
        }
        sources = frozenset(newest[record_id][3] for record_id in living)
        return State(living, last_run, sources)

    def ensure_schema(self) -> None:
        """Give a lake without any file an empty one: readers need its columns."""
        if not self.store.names():
            writer = LakeWriter(self, "", None)
            writer.close()

    def columns(self, name: str, *columns: str) -> Iterator[tuple[Any, ...]]:
        """Read some columns of a file, row by row."""
        with self.store.open(name) as file:
            for batch in file.iter_batches(50_000, columns=list(columns)):
                by_name = (values_of(batch.column(column)) for column in columns)
                yield from zip(*by_name, strict=True)


def values_of(column: pa.Array) -> list[Any]:
    """The values of a column that has no NULL instants.

    Instants are made here: pyarrow would import pandas for the first one, which takes longer than
    all else that a night without changes does.
    """
    if not pa.types.is_timestamp(column.type):
        values: list[Any] = column.to_pylist()
        return values
    stamps: list[int] = column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_pylist()
    instants = {stamp: _EPOCH + timedelta(microseconds=stamp) for stamp in set(stamps)}
    return [instants[stamp] for stamp in stamps]


def run_of(name: str) -> datetime | None:
    """When the run was that wrote a file, by the file's name."""
    match = _RUN.fullmatch(name)
    if match is None:
        return None
    return datetime.strptime(match[1], _RUN_FORMAT).replace(tzinfo=timezone.utc)


def run_name(run: datetime) -> str:
    """The part of file names that stands for a run; names sort as runs do."""
    return f"{run:{_RUN_FORMAT}}Z"


def next_run(last_run: datetime | None) -> datetime:
    """The instant of a new run: a clock that went backwards must not make its rows look old."""
    now = datetime.now(timezone.utc)
    return now if last_run is None else max(now, last_run + timedelta(microseconds=1))


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((run for run in (one, other) if run is not None), default=None)


def create_file(lake: Lake, name: str) -> UnfinishedFile:
    """Begin a file of rows."""
    return lake.store.create(
        name,
        SCHEMA,
        compression="zstd",
        use_dictionary=["source", "schema_version", "extracted_at"],
        # Bounds of JSON text say nothing, and would be as long as the text.
        write_statistics=["_id", "_last_modified", "extracted_at", "bucket", "is_deleted"],
    )


class LakeWriter:
    """Appends the rows of one run to a lake, in bounded memory.

    Rows are gathered to row groups and written by a second thread, as compression is half of the
    work. At most two row groups are in memory.

    Args:
        lake: Lake to append to; the caller holds its lock.
        source: Where the documents come from, as text for a reader.
        last_run: When the newest run in the lake was.
        is_resumable: Finish a file with each row group, and every half minute: what is finished
            need not be read again after a run was killed.
        before_finish: Called, in the second thread, before a file appears.
        after_finish: Called, in the second thread, when a file has appeared.
    """

    def __init__(
        self,
        lake: Lake,
        source: str,
        last_run: datetime | None,
        *,
        is_resumable: bool = False,
        before_finish: Callable[[], None] | None = None,
        after_finish: Callable[[], None] | None = None,
    ) -> None:
        """Opens nothing yet: a run without changes writes no file."""
        self.extracted_at = next_run(last_run)
        self._file_limit = 0 if is_resumable else FILE_BYTES
        self._before_finish = before_finish
        self._after_finish = after_finish
        self._flushed = time.monotonic()
        self._lake = lake
        self._source = source
        self._rows: list[tuple[Any, ...]] = []
        self._group_bytes = 0
        self._file_bytes = 0
        self._file_number = 0
        self._file: UnfinishedFile | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lake")
        self._pending: Future[None] | None = None

    def add(self, row: Row, position: int) -> None:
        """Append one version of a record; `position` is its place in the source."""
        self._rows.append(
            (
                row.record_id,
                *row.identity,
                *row.sections,
                row.extra,
                position,
                row.bucket,
                row.content_hash,
                False,
            )
        )
        self._group_bytes += row.size
        if len(self._rows) >= GROUP_ROWS or self._group_bytes >= GROUP_BYTES:
            self._flush()

    def delete(self, record_id: str) -> None:
        """Append a tombstone."""
        nothing = (None,) * (len(IDENTITY) + len(SECTIONS) + 1)
        self._rows.append((record_id, *nothing, 0, bucket_of(record_id), None, True))
        if len(self._rows) >= GROUP_ROWS:
            self._flush()

    def checkpoint(self) -> None:
        """Write what is gathered if the last writing was long ago."""
        if self._rows and time.monotonic() - self._flushed > CHECKPOINT_SECONDS:
            self._flush()

    def close(self) -> None:
        """Write what is gathered and give the last file its name.

        A lake without any file gets an empty one: readers need its schema.

        Raises:
            LakeError: The lake cannot be written.
        """
        if self._rows or not self._lake.files():
            self._flush()
        self._wait()
        self._finish_file()
        self._thread.shutdown()

    def abandon(self) -> None:
        """Stop without giving the unfinished file a name; finished files stay."""
        self._thread.shutdown(cancel_futures=True)
        if self._file is not None:
            self._file.discard()
            self._file = None

    def _flush(self) -> None:
        rows, size = self._rows, self._group_bytes
        self._rows, self._group_bytes, self._flushed = [], 0, time.monotonic()
        self._wait()
        self._pending = self._thread.submit(self._write, rows, size)

    def _wait(self) -> None:
        if self._pending is not None:
            self._pending.result()
            self._pending = None

    def _write(self, rows: list[tuple[Any, ...]], size: int) -> None:
        """Write one row group; runs in the second thread."""
        if self._file is not None and self._file_bytes + size > self._file_limit:
            self._finish_file()
        if self._file is None:
            self._file = create_file(self._lake, self._name())
        columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)]
        columns = columns or [[] for _ in SCHEMA][2:]
        run = [self.extracted_at] * len(rows)
        source = [self._source] * len(rows)
        at = SCHEMA.get_field_index("extracted_at")
        arrays = [
            pa.array(values, type=field.type)
            for values, field in zip(
                [*columns[:at], run, source, *columns[at:]], SCHEMA, strict=True
            )
        ]
        self._file.write(pa.Table.from_arrays(arrays, schema=SCHEMA))
        self._file_bytes += size
        if self._file_bytes >= self._file_limit:
            self._finish_file()

    def _finish_file(self) -> None:
        if self._file is None:
            return
        if self._before_finish is not None:
            self._before_finish()
        self._file.finish()
        self._file, self._file_bytes = None, 0
        self._file_number += 1
        if self._after_finish is not None:
            self._after_finish()

    def _name(self) -> str:
        return f"{run_name(self.extracted_at)}-{self._file_number:04}.parquet"


class RejectWriter:
    """Keeps what could not be used, whole, and what had to be repaired.

    The file of the run before is replaced when the run ends. Repairs are remembered for as long as
    the record is unchanged; they are on the disk before the repaired rows are.

    Args:
        lake: Lake whose collection the documents were meant for; the caller holds its lock.
        source: Where the documents come from.
    """

    def __init__(self, lake: Lake, source: str) -> None:
        """Begins a file that no reader sees before `close`."""
        self.count = 0
        self._source = source
        self._store = Folder(lake.raw / "rejects")
        self._name = f"{lake.collection}.parquet"
        self._prefix = f"{lake.collection}-repaired-"
        self._repaired: dict[str, dict[str, object]] = {}
        self._noted: list[dict[str, object]] = []
        self._note_lock = Lock()
        self._file = self._store.create(self._name, REJECT_SCHEMA, compression="zstd")
        self._rows: list[dict[str, object]] = []
        self._bytes = 0

    def add(self, file: str, line: int | None, reason: str, document: bytes) -> None:
        """Keep one document; a line of None stands for the whole file."""
        self.count += 1
        self._rows.append(self._row(file, line, reason, document))
        self._bytes += len(document)
        if self._bytes >= GROUP_BYTES:
            self._flush()

    def repaired(self, file: str, reason: str) -> None:
        """Note that something of a document was repaired; `file` names the document."""
        row = self._row(file, None, REPAIRED + reason, b"")
        with self._note_lock:
            self._repaired[file] = row
            self._noted.append(row)

    def checkpoint(self) -> None:
        """Bring the noted repairs to the disk."""
        with self._note_lock:
            noted, self._noted = self._noted, []
        if noted:
            name = f"{self._prefix}{run_name(datetime.now(timezone.utc))}-0.parquet"
            file = self._store.create(name, REJECT_SCHEMA)
            file.write(pa.Table.from_pylist(noted, schema=REJECT_SCHEMA))
            file.finish()

    def keep_repairs(self, is_current: Callable[[str], bool]) -> None:
        """Carry over what earlier runs noted, of the documents for which this holds."""
        for name in self._store.names():
            if name == self._name or name.startswith(self._prefix):
                with self._store.open(name) as file:
                    for row in file.read().to_pylist():
                        document = row["file"]
                        if row["reason"].startswith(REPAIRED) and is_current(document):
                            self._repaired.setdefault(document, row)

    def close(self) -> None:
        """Replace the rejects of the run before, if these are others.

        Raises:
            LakeError: The lake cannot be written.
        """
        self._rows += [row for _, row in sorted(self._repaired.items())]
        self._flush()
        unfinished = self._file.close()
        target = self._store.path / self._name
        if target.exists() and filecmp.cmp(unfinished, target, shallow=False):
            unfinished.unlink()
        else:
            self._file.finish()
        for name in self._store.names():
            if name.startswith(self._prefix):
                self._store.remove(name)

    def abandon(self) -> None:
        """Leave the rejects of the run before in place."""
        self._file.discard()

    def _row(self, file: str, line: int | None, reason: str, document: bytes) -> dict[str, object]:
        return {
            "source": self._source,
            "file": file,
            "line": line,
            "reason": reason,
            "document": document,
        }

    def _flush(self) -> None:
        if self._rows:
            self._file.write(pa.Table.from_pylist(self._rows, schema=REJECT_SCHEMA))
        self._rows, self._bytes = [], 0

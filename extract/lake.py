"""The raw lake: immutable parquet files, one row per version of a record.

The state is the lake itself: what was read, when and from where stands in the rows, and nothing
else has to agree with it. A file appears under its name only when it is whole, so a run that is
killed leaves a lake from which the next one continues. A record that is gone gets a tombstone, a
row without sections. Staging keeps the newest version of each `_id`.
"""

from __future__ import annotations

import filecmp
import os
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from biodata_cache._errors import LockedError
from extract.records import BUCKETS, IDENTITY, SECTIONS, Row, bucket_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["BUCKETS", "Lake", "LakeWriter", "RejectWriter"]

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
GROUP_ROWS = 1_000
GROUP_BYTES = 64 * 2**20
FILE_BYTES = 512 * 2**20


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

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other writers out; a lock dies with the process that holds it.

        Raises:
            LockedError: Another process is writing.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.raw / f".{self.collection}.lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise LockedError(
                f"Another extract is writing the lake {self.folder}: wait until it has ended, "
                "or give this run a lake of its own with --raw."
            ) from None
        try:
            self._remove_unfinished()
            yield
        finally:
            lock.release()

    def files(self) -> list[Path]:
        """Finished files in the order in which they were written."""
        return sorted(self.folder.glob("*.parquet"))

    def versions(self) -> tuple[dict[str, frozenset[str]], datetime | None]:
        """What the lake holds: content hashes of the newest version of each living record.

        A record has several hashes where its source held several documents with one `_id`.

        Returns:
            Hashes by `_id`, and when the newest run was (None for an empty lake).
        """
        newest: dict[str, tuple[datetime, frozenset[str]]] = {}
        last_run: datetime | None = None
        for path in self.files():  # in the order of their runs
            columns = pq.read_table(
                path, columns=["_id", "extracted_at", "content_hash", "is_deleted"], memory_map=True
            )
            for batch in columns.to_batches(max_chunksize=50_000):
                for record_id, run, content_hash, is_deleted in zip(
                    *(column.to_pylist() for column in batch.columns), strict=True
                ):
                    hashes = frozenset() if is_deleted else frozenset((content_hash,))
                    known = newest.get(record_id)
                    if known is not None and known[0] == run:
                        hashes |= known[1]
                    newest[record_id] = (run, hashes)
                    last_run = run if last_run is None else max(last_run, run)
        living = {record_id: hashes for record_id, (_, hashes) in newest.items() if hashes}
        return living, last_run

    def _remove_unfinished(self) -> None:
        """Remove what a killed run left behind; no reader ever looked at it."""
        for path in self.folder.glob(".*.tmp"):
            path.unlink()


class LakeWriter:
    """Appends the rows of one run to a lake, in bounded memory.

    Rows are gathered to row groups and written by a second thread, as compression is half of the
    work. At most two row groups are in memory.

    Args:
        lake: Lake to append to; the caller holds its lock.
        source: Where the documents come from, as text for a reader.
        last_run: When the newest run in the lake was.
    """

    def __init__(self, lake: Lake, source: str, last_run: datetime | None) -> None:
        """Opens nothing yet: a run without changes writes no file."""
        now = datetime.now(timezone.utc)
        if last_run is not None:  # a clock that went backwards must not make new versions look old
            now = max(now, last_run + timedelta(microseconds=1))
        self.extracted_at = now
        self._lake = lake
        self._source = source
        self._rows: list[tuple[Any, ...]] = []
        self._group_bytes = 0
        self._file_bytes = 0
        self._file_number = 0
        self._file: pq.ParquetWriter | None = None
        self._unfinished: Path | None = None
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

    def close(self) -> None:
        """Write what is gathered and give the last file its name.

        A lake without any file gets an empty one: readers need its schema.
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
            self._file.close()
        if self._unfinished is not None:
            self._unfinished.unlink(missing_ok=True)

    def _flush(self) -> None:
        rows, size = self._rows, self._group_bytes
        self._rows, self._group_bytes = [], 0
        self._wait()
        self._pending = self._thread.submit(self._write, rows, size)

    def _wait(self) -> None:
        if self._pending is not None:
            self._pending.result()
            self._pending = None

    def _write(self, rows: list[tuple[Any, ...]], size: int) -> None:
        """Write one row group; runs in the second thread."""
        if self._file is not None and self._file_bytes + size > FILE_BYTES:
            self._finish_file()
        if self._file is None:
            self._open_file()
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
        assert self._file is not None  # noqa: S101  # opened above
        self._file.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA))
        self._file_bytes += size

    def _open_file(self) -> None:
        self._unfinished = self._lake.folder / f".{self._name()}.tmp"
        self._file = pq.ParquetWriter(
            self._unfinished,
            SCHEMA,
            compression="zstd",
            use_dictionary=["source", "schema_version", "extracted_at"],
            # Bounds of JSON text say nothing, and would be as long as the text.
            write_statistics=["_id", "_last_modified", "extracted_at", "bucket", "is_deleted"],
        )

    def _finish_file(self) -> None:
        if self._file is None or self._unfinished is None:
            return
        self._file.close()
        _finish(self._unfinished, self._lake.folder / self._name())
        self._file, self._unfinished, self._file_bytes = None, None, 0
        self._file_number += 1

    def _name(self) -> str:
        return f"{self.extracted_at:%Y%m%dT%H%M%S%fZ}-{self._file_number:04}.parquet"


class RejectWriter:
    """Keeps what one run could not use, whole, in place of the rejects of the run before.

    Args:
        lake: Lake whose collection the documents were meant for; the caller holds its lock.
        source: Where the documents come from.
    """

    def __init__(self, lake: Lake, source: str) -> None:
        """Begins a file that no reader sees before `close`."""
        self.count = 0
        folder = lake.raw / "rejects"
        folder.mkdir(parents=True, exist_ok=True)
        self._source = source
        self._target = folder / f"{lake.collection}.parquet"
        self._unfinished = folder / f".{lake.collection}.tmp"
        self._file = pq.ParquetWriter(self._unfinished, REJECT_SCHEMA, compression="zstd")
        self._rows: list[dict[str, object]] = []
        self._bytes = 0

    def add(self, file: str, line: int | None, reason: str, document: bytes) -> None:
        """Keep one document; a line of None stands for the whole file."""
        self.count += 1
        self._rows.append(
            {
                "source": self._source,
                "file": file,
                "line": line,
                "reason": reason,
                "document": document,
            }
        )
        self._bytes += len(document)
        if self._bytes >= GROUP_BYTES:
            self._flush()

    def close(self) -> None:
        """Replace the rejects of the run before, if these are others."""
        self._flush()
        self._file.close()
        if self._target.exists() and _same_content(self._unfinished, self._target):
            self._unfinished.unlink()
        else:
            _finish(self._unfinished, self._target)

    def abandon(self) -> None:
        """Leave the rejects of the run before in place."""
        self._file.close()
        self._unfinished.unlink(missing_ok=True)

    def _flush(self) -> None:
        self._file.write_table(pa.Table.from_pylist(self._rows, schema=REJECT_SCHEMA))
        self._rows, self._bytes = [], 0


def _same_content(one: Path, other: Path) -> bool:
    """Whether two files hold the same bytes."""
    return filecmp.cmp(one, other, shallow=False)


def _finish(unfinished: Path, target: Path) -> None:
    """Give a whole file its name, once its bytes are on the disk."""
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.replace(target)

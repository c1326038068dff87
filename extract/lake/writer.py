"""Appends the rows of one run to a lake, in bounded memory."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from extract.documents.document import BUCKETS, IDENTITY, SECTIONS, Row, bucket_of
from extract.lake.lake import SCHEMA, Lake, create_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from extract.lake.folder import ListedFile, UnfinishedFile

_AT = SCHEMA.get_field_index("run")


class LakeWriter:
    """Appends the rows of one run to a lake.

    Rows are buffered into row groups, which a second thread compresses and writes. At most two row
    groups are in memory.

    Args:
        lake: Lake to append to; the caller holds its lock.
        source: Where the documents come from, as text for a reader.
        now: Time of the run; by default the current time.
        is_resumable: Finish and list a file with each row group and every half minute, so that a
            killed run can continue from there. Otherwise the caller lists all files at the end.
        before_finish: Called in the second thread before a file is finished.
        after_finish: Called in the second thread after a file is finished.

    Attributes:
        files: Finished files that are not listed yet.
    """

    def __init__(
        self,
        lake: Lake,
        source: str,
        *,
        now: datetime | None = None,
        is_resumable: bool = False,
        before_finish: Callable[[], None] | None = None,
        after_finish: Callable[[], None] | None = None,
    ) -> None:
        """Opens nothing yet: a run without changes writes no file."""
        self.run = lake.next_run()
        self.files: list[ListedFile] = []
        self._extracted_at = now or datetime.now(timezone.utc)
        self._is_resumable = is_resumable
        self._before_finish = before_finish
        self._after_finish = after_finish
        self._flushed = time.monotonic()
        self._lake = lake
        self._policy = lake.policy
        self._source = source
        self._rows: list[tuple[Any, ...]] = []
        self._group_bytes = 0
        self._file_bytes = 0
        self._file_number = 0
        self._file: UnfinishedFile | None = None
        self._buckets = (BUCKETS, -1)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lake")
        self._pending: Future[None] | None = None

    def add(self, row: Row, position: int) -> None:
        """Append one version of a record; `position` is its index in the source."""
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
        if (
            len(self._rows) >= self._policy.group_rows
            or self._group_bytes >= self._policy.group_bytes
        ):
            self._flush()

    def write_tombstone(self, record_id: str) -> None:
        """Append the tombstone of a deleted record."""
        nothing = (None,) * (len(IDENTITY) + len(SECTIONS) + 1)
        self._rows.append((record_id, *nothing, 0, bucket_of(record_id), None, True))
        if len(self._rows) >= self._policy.group_rows:
            self._flush()

    def checkpoint(self) -> None:
        """Write the buffered rows if the last write was long ago."""
        if self._rows and time.monotonic() - self._flushed > self._policy.checkpoint_seconds:
            self._flush()

    def close(self) -> None:
        """Write the buffered rows and finish the last file.

        A lake without any file gets an empty one: readers need its schema.

        Raises:
            LakeError: If the lake cannot be written.
        """
        if self._rows or not (self.files or self._lake.store.listed()):
            self._flush()
        self._wait()
        self._finish_file()
        self._thread.shutdown()

    def abandon(self) -> None:
        """Stop and discard the unfinished file; listed files stay."""
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
        limit = 0 if self._is_resumable else self._policy.file_bytes
        if self._file is not None and self._file_bytes + size > limit:
            self._finish_file()
        if self._file is None:
            name = self._lake.file_name(self.run, self._file_number)
            self._file = create_file(self._lake, name)
        table = self._table(rows)
        self._file.write(table)
        buckets = table.column("bucket").to_pylist()
        self._buckets = (min([*buckets, self._buckets[0]]), max([*buckets, self._buckets[1]]))
        self._file_bytes += size
        if self._file_bytes >= limit:
            self._finish_file()

    def _table(self, rows: list[tuple[Any, ...]]) -> pa.Table:
        columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)]
        columns = columns or [[] for _ in SCHEMA][3:]
        count = len(rows)
        of_run = [[self.run] * count, [self._extracted_at] * count, [self._source] * count]
        arrays = [
            pa.array(values, type=field.type)
            for values, field in zip([*columns[:_AT], *of_run, *columns[_AT:]], SCHEMA, strict=True)
        ]
        return pa.Table.from_arrays(arrays, schema=SCHEMA)

    def _finish_file(self) -> None:
        if self._file is None:
            return
        if self._before_finish is not None:
            self._before_finish()
        first, last = self._buckets
        finished = self._file.finish(self.run, (min(first, BUCKETS - 1), max(last, 0)))
        if self._is_resumable:
            self._lake.commit(add=[finished])
        else:
            self.files.append(finished)
        self._file, self._file_bytes, self._buckets = None, 0, (BUCKETS, -1)
        self._file_number += 1
        if self._after_finish is not None:
            self._after_finish()


def ensure_schema(lake: Lake) -> None:
    """Add an empty file to a lake without files, for its columns.

    Raises:
        LakeError: If the lake cannot be read or written.
    """
    if not lake.store.listed():
        writer = LakeWriter(lake, "")
        writer.close()
        lake.commit(add=writer.files)

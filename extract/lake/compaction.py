"""Compaction: rewrites files of the lake with many outdated rows, and joins small files.

The newest version of each record is copied unchanged into new files, and the list of files is
replaced atomically. `compact.sql` and `compacted.sql` select the rows. A run that is killed before
that leaves unlisted files, which the next run removes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from extract.documents.document import BUCKETS
from extract.lake.lake import SCHEMA, Lake, create_file
from extract.lake.state import database_errors, paths_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import duckdb

    from extract.lake.folder import ListedFile, UnfinishedFile


def compact(lake: Lake) -> int:
    """Rewrite the files that need it; the caller holds the lock of the lake.

    Returns:
        Number of rewritten files.

    Raises:
        LakeError: If the lake cannot be read or written.
    """
    listed = lake.store.listed()
    if len(listed) <= 1:
        return 0
    with lake.database() as connection, database_errors(lake.folder):
        chosen = _choose(lake, connection, listed)
        if not chosen:
            return 0
        written: list[ListedFile] = []
        run = lake.next_run()
        for buckets in _ranges(lake, chosen):
            output = RowGroups(lake, run, len(written), buckets)
            try:
                for batch in _needed(lake, connection, listed, chosen, buckets):
                    output.add(batch)
                written += output.close()
            except BaseException:
                output.abandon()
                raise
    lake.commit(add=written, remove=[file.name for file in chosen])
    return len(chosen)


def _choose(
    lake: Lake, connection: duckdb.DuckDBPyConnection, listed: list[ListedFile]
) -> list[ListedFile]:
    """The files to rewrite, in order."""
    policy = lake.policy
    query = Path(__file__).with_name("compact.sql").read_text(encoding="utf-8")
    counted = connection.execute(query, {"files": _paths(lake, listed)}).fetchall()
    dead = {
        file for file, rows, needed in counted if rows - needed >= max(1, policy.dead_part * rows)
    }
    # Small files are joined only when there are many of them.
    small = {file.name for file in listed if file.bytes < policy.small_bytes}
    if len(small) >= policy.many_small:
        dead |= small
    return [file for file in listed if file.name in dead]


def _ranges(lake: Lake, chosen: list[ListedFile]) -> Iterator[tuple[int, int]]:
    """First and last hash bucket of each new file, so that files have about the target size."""
    size, parts = sum(file.bytes for file in chosen), 1
    while parts < BUCKETS and size > parts * lake.policy.output_bytes:
        parts *= 2
    width = BUCKETS // parts
    return ((first, first + width - 1) for first in range(0, BUCKETS, width))


def _needed(
    lake: Lake,
    connection: duckdb.DuckDBPyConnection,
    listed: list[ListedFile],
    chosen: list[ListedFile],
    buckets: tuple[int, int],
) -> pa.RecordBatchReader:
    """The current rows of some files and hash buckets."""
    first, last = buckets
    listed = [file for file in listed if file.buckets[0] <= last and first <= file.buckets[1]]
    rewritten = [file for file in listed if file in chosen]
    kept = [file for file in listed if file not in chosen]
    if not rewritten:
        return pa.RecordBatchReader.from_batches(SCHEMA, [])
    query = Path(__file__).with_name("compacted.sql").read_text(encoding="utf-8")
    parameters = {
        "files": _paths(lake, listed),
        "rewritten": _paths(lake, rewritten),
        "kept": _paths(lake, kept or rewritten[:1]),
        "has_kept": bool(kept),
        "first": first,
        "last": last,
    }
    return connection.execute(query, parameters).to_arrow_reader(lake.policy.group_rows)


def _paths(lake: Lake, files: Iterable[ListedFile]) -> list[str]:
    return paths_of(lake.folder / file.name for file in files)


class RowGroups:
    """Files that are being written, with row groups of the usual size.

    Args:
        lake: The lake that they are for.
        run: Number of the run that writes them.
        first: Number of the first file.
        buckets: First and last hash bucket of their records.
    """

    def __init__(self, lake: Lake, run: int, first: int, buckets: tuple[int, int]) -> None:
        """Begins no file yet."""
        self._lake = lake
        self._run = run
        self._number = first
        self._buckets = buckets
        self._tables: list[pa.Table] = []
        self._rows = 0
        self._bytes = 0
        self._file: UnfinishedFile | None = None
        self._finished: list[ListedFile] = []

    def add(self, batch: pa.RecordBatch) -> None:
        """Append rows."""
        policy = self._lake.policy
        table = pa.Table.from_batches([batch]).cast(SCHEMA)
        while table.num_rows:
            part = table.slice(0, policy.group_rows - self._rows)
            table = table.slice(part.num_rows)
            self._tables.append(part)
            self._rows += part.num_rows
            self._bytes += part.nbytes
            if self._rows >= policy.group_rows or self._bytes >= policy.group_bytes:
                self._flush()

    def close(self) -> list[ListedFile]:
        """Finish all files."""
        self._flush()
        self._finish()
        return self._finished

    def abandon(self) -> None:
        """Discard the unfinished file; finished ones stay unlisted."""
        if self._file is not None:
            self._file.discard()

    def _flush(self) -> None:
        """Write the buffered rows as one row group."""
        if not self._rows:
            return
        if self._file is None:
            name = self._lake.file_name(self._run, self._number)
            self._file = create_file(self._lake, name)
            self._number += 1
        self._file.write(pa.concat_tables(self._tables))
        self._tables, self._rows, self._bytes = [], 0, 0
        if self._file.size >= self._lake.policy.output_bytes:
            self._finish()

    def _finish(self) -> None:
        if self._file is not None:
            self._finished.append(self._file.finish(self._run, self._buckets))
            self._file = None

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
            batches = _needed(lake, connection, listed, chosen, buckets)
            written += _write(lake, run, len(written), buckets, batches)
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


def _write(
    lake: Lake,
    run: int,
    first: int,
    buckets: tuple[int, int],
    batches: Iterable[pa.RecordBatch],
) -> list[ListedFile]:
    """Write rows to new files.

    Args:
        lake: The lake that they are for.
        run: Number of the run that writes them.
        first: Number of the first file.
        buckets: First and last hash bucket of the rows.
        batches: The rows.
    """
    finished: list[ListedFile] = []
    file: UnfinishedFile | None = None
    try:
        for group in _groups(lake, batches):
            if file is None:
                file = create_file(lake, lake.file_name(run, first + len(finished)))
            file.write(group)
            if file.size >= lake.policy.output_bytes:
                finished.append(file.finish(run, buckets))
                file = None
        if file is not None:
            finished.append(file.finish(run, buckets))
    except BaseException:
        if file is not None:
            file.discard()
        raise
    return finished


def _groups(lake: Lake, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The rows in row groups of the usual size."""
    policy, rows, size = lake.policy, 0, 0
    parts: list[pa.Table] = []
    for batch in batches:
        table = pa.Table.from_batches([batch]).cast(SCHEMA)
        while table.num_rows:
            part = table.slice(0, policy.group_rows - rows)
            table = table.slice(part.num_rows)
            parts.append(part)
            rows += part.num_rows
            size += part.nbytes
            if rows >= policy.group_rows or size >= policy.group_bytes:
                yield pa.concat_tables(parts)
                parts, rows, size = [], 0, 0
    if parts:
        yield pa.concat_tables(parts)

"""Rewriting the lake when too much of it is out of date or in small pieces.

The newest version of each record is copied into new files, one microsecond younger than it was, so
that the copy hides the original: at no moment does the lake show a version twice, whether a reader
sees the new files, the old ones, or both. Then the old files are removed, the oldest first, so that
nothing hidden shows through. Killed in between, the next compaction removes what is left.

Files of the newest run are left alone: the newest instant of a lake does not change by this.
"""

from __future__ import annotations

import os
import uuid
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from filelock import FileLock, Timeout

from extract.lake.folder import unwritable
from extract.lake.lake import (
    GROUP_ROWS,
    SCHEMA,
    Lake,
    create_file,
    next_run,
    run_name,
    run_of,
    values_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extract.lake.folder import UnfinishedFile

__all__ = ["compact", "reading", "remove"]

DEAD_PART = 0.25
"""Files of which this part of the rows is out of date are rewritten."""
SMALL_BYTES = 16 * 2**20
MANY_SMALL = 16
"""So many small files are joined into one."""
OUTPUT_BYTES = 256 * 2**20
"""Compressed bytes of a written file, about."""
_READERS = ".readers"


@dataclass
class _Scan:
    """Which rows of which file are the newest of their record."""

    newest: dict[str, datetime] = field(default_factory=dict)
    last_run: datetime | None = None
    rows: Counter[str] = field(default_factory=Counter)
    current: Counter[str] = field(default_factory=Counter)
    tombstones: set[str] = field(default_factory=set)
    several: set[str] = field(default_factory=set)


def compact(lake: Lake) -> int:
    """Rewrite the files that are worth it; the caller holds the lake's lock.

    Args:
        lake: Lake to compact.

    Returns:
        How many files were rewritten.

    Raises:
        LakeError: The lake cannot be read or written.
    """
    names = lake.store.names()
    if len(names) <= 1:
        return 0
    scan = _scan(lake, names)
    chosen = _choose(lake, names, scan)
    if not chosen or scan.last_run is None:
        return 0
    needed = _needed_tombstones(lake, set(names) - set(chosen), scan.tombstones)
    written = _rewrite(lake, chosen, scan, needed)
    for file in written:
        file.finish()
    remove(lake, chosen)
    return len(chosen)


def remove(lake: Lake, names: list[str]) -> None:
    """Remove files that newer ones hide, the oldest first, unless somebody is reading.

    What a reader kept from being removed stays hidden, and goes at the next compaction.
    """
    if names and not _is_read(lake.raw):
        for name in sorted(names):
            lake.store.remove(name)


@contextmanager
def reading(raw: Path) -> Iterator[None]:
    """Keep files from being removed while they are read.

    Args:
        raw: Folder of the lakes.

    Raises:
        LakeError: If the folder cannot be written.
    """
    folder = raw / _READERS
    lock = FileLock(folder / f"{os.getpid()}-{uuid.uuid4().hex}.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise unwritable(raw, error) from None
    try:
        yield
    finally:
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)


def _is_read(raw: Path) -> bool:
    """Whether somebody reads; the traces of readers that died are removed."""
    for path in (raw / _READERS).glob("*.lock"):
        try:
            with FileLock(path, timeout=0):
                pass
        except Timeout:
            return True
        path.unlink(missing_ok=True)
    return False


def _scan(lake: Lake, names: list[str]) -> _Scan:
    scan = _Scan()
    newest: dict[str, tuple[datetime, bool]] = {}
    counts: Counter[tuple[str, datetime]] = Counter()
    for name in names:
        for record_id, run, is_deleted in lake.columns(name, "_id", "extracted_at", "is_deleted"):
            scan.rows[name] += 1
            known = newest.get(record_id)
            if known is None or run > known[0]:
                newest[record_id] = (run, is_deleted)
                counts[record_id, run] = 1
            elif run == known[0]:
                counts[record_id, run] += 1
    scan.newest = {record_id: run for record_id, (run, _) in newest.items()}
    scan.last_run = max(scan.newest.values(), default=None)
    scan.tombstones = {record_id for record_id, (_, is_deleted) in newest.items() if is_deleted}
    scan.several = {
        record_id for record_id, run in scan.newest.items() if counts[record_id, run] > 1
    }
    for name in names:
        for record_id, run in lake.columns(name, "_id", "extracted_at"):
            scan.current[name] += run == scan.newest[record_id]
    return scan


def _choose(lake: Lake, names: list[str], scan: _Scan) -> list[str]:
    """The files that are worth rewriting, in order."""
    older = [name for name in names if run_of(name) != scan.last_run]
    chosen = {
        name
        for name in older
        if scan.rows[name] - scan.current[name] >= max(1, DEAD_PART * scan.rows[name])
    }
    # One file with a few changes is not worth it, unless it is out of date altogether.
    small = [name for name in older if lake.store.size(name) < SMALL_BYTES]
    if len(small) >= MANY_SMALL:
        chosen |= set(small)
    return sorted(chosen)


def _needed_tombstones(lake: Lake, kept: set[str], tombstones: set[str]) -> set[str]:
    """The tombstones that still hide something in the files that stay."""
    needed: set[str] = set()
    for name in kept if tombstones else ():
        needed |= {record_id for (record_id,) in lake.columns(name, "_id")} & tombstones
    return needed


def _rewrite(lake: Lake, chosen: list[str], scan: _Scan, needed: set[str]) -> list[UnfinishedFile]:
    """Copy what is current; the files have no names yet."""
    output = _Output(lake, run_name(next_run(scan.last_run)))
    try:
        # Documents that share an `_id` are told apart by readers: they go into one file together.
        for is_several in (True, False):
            for name in chosen:
                with lake.store.open(name) as file:
                    for group in range(file.num_row_groups):
                        table = file.read_row_group(group)
                        keep = _current(table, scan, needed, is_several=is_several)
                        if any(keep):
                            output.add(_younger(table.filter(pa.array(keep))))
            output.flush(may_split=not is_several)
    except BaseException:
        output.discard()
        raise
    return output.files


def _current(table: pa.Table, scan: _Scan, needed: set[str], *, is_several: bool) -> list[bool]:
    rows = zip(
        *(values_of(table.column(name)) for name in ("_id", "extracted_at", "is_deleted")),
        strict=True,
    )
    return [
        run == scan.newest[record_id]
        and (record_id in scan.several) == is_several
        and (not is_deleted or record_id in needed)
        for record_id, run, is_deleted in rows
    ]


def _younger(table: pa.Table) -> pa.Table:
    at = table.schema.get_field_index("extracted_at")
    runs = pc.add(table.column(at), pa.scalar(timedelta(microseconds=1), pa.duration("us")))
    return table.set_column(at, SCHEMA.field(at), runs.cast(SCHEMA.field(at).type))


class _Output:
    """Files that are being written, with row groups of the usual size."""

    def __init__(self, lake: Lake, run: str) -> None:
        self.files: list[UnfinishedFile] = []
        self._lake = lake
        self._run = run
        self._tables: list[pa.Table] = []
        self._rows = 0
        self._bytes = 0
        self._file: UnfinishedFile | None = None
        self._file_bytes = 0

    def add(self, table: pa.Table) -> None:
        """Append rows."""
        self._tables.append(table)
        self._rows += table.num_rows
        self._bytes += table.nbytes
        if self._rows >= GROUP_ROWS or self._bytes >= OUTPUT_BYTES // 4:
            self.flush(may_split=False)

    def flush(self, *, may_split: bool) -> None:
        """Write what is gathered, as one row group."""
        if self._tables:
            if self._file is None:
                self._file = create_file(self._lake, f"{self._run}-{len(self.files):04}.parquet")
                self.files.append(self._file)
            self._file.write(pa.concat_tables(self._tables).combine_chunks())
            self._file_bytes += self._bytes
            self._tables, self._rows, self._bytes = [], 0, 0
        if may_split or self._file_bytes > 4 * OUTPUT_BYTES:
            self._file, self._file_bytes = None, 0

    def discard(self) -> None:
        """Let all files vanish."""
        for file in self.files:
            file.discard()

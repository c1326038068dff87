"""The raw lake of one collection: immutable parquet files, one row per version of a record.

The state is the lake itself: what was read, when, by which run and from where stands in the rows,
and the list of files names those that count. A run that is killed leaves a lake from which the
next one continues. A record that is gone gets a tombstone, a row without sections. Runs are ordered
by a counter: the newest version of a record is the one of the highest run.
"""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from biodata_cache._core.errors import LakeError
from extract.documents.document import BUCKETS, IDENTITY, SECTIONS
from extract.lake.folder import LIST, Folder, ListedFile, UnfinishedFile
from extract.lake.policy import Policy
from extract.lake.reading import sweep
from extract.lake.state import State, connect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import duckdb


__all__ = ["BUCKETS", "SCHEMA", "Lake", "create_file"]

SCHEMA = pa.schema(
    [
        pa.field("_id", pa.string(), nullable=False),
        *(pa.field(name, pa.string()) for name in IDENTITY),
        *(pa.field(name, pa.large_string()) for name in SECTIONS),
        pa.field("extra", pa.large_string()),
        pa.field("run", pa.int64(), nullable=False),
        pa.field("extracted_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("position", pa.int64(), nullable=False),
        pa.field("bucket", pa.uint8(), nullable=False),
        pa.field("content_hash", pa.string()),
        pa.field("is_deleted", pa.bool_(), nullable=False),
    ]
)
_FILE = re.compile(r"(\d{8,})-\d{4,}\.parquet", re.ASCII)


class Lake:
    """The lake of one collection below a raw folder.

    Args:
        raw: Folder of all lakes.
        collection: Name of the collection, for example `docdb_v2`.
        policy: Its bounds.

    Example:
        >>> from pathlib import Path
        >>> Lake(Path("somewhere"), "docdb_v2").folder.as_posix()
        'somewhere/docdb_v2'
    """

    def __init__(self, raw: Path, collection: str, policy: Policy | None = None) -> None:
        """Sets the paths; creates nothing."""
        self.raw = raw
        self.collection = collection
        self.policy = policy or Policy()
        self.folder = raw / collection
        self.store = Folder(self.folder)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock out other writers, and remove unfinished files of a killed one.

        The lock dies with the process that holds it.

        Raises:
            LockedError: If another process is writing.
        """
        lock = Folder(self.raw).lock(
            f".{self.collection}.lock",
            f"Another extract is writing the lake {self.folder}: wait until it has ended, "
            "or give this run a lake of its own with --raw.",
        )
        try:
            self.store.remove_unfinished()
            shutil.rmtree(self.spill, ignore_errors=True)
            yield
        finally:
            lock.release()

    def files(self) -> list[Path]:
        """Its files, in the order in which they were written.

        Raises:
            LakeError: If the list cannot be read.
        """
        return [self.folder / file.name for file in self.store.listed()]

    def state(self, files: Iterable[ListedFile] | None = None) -> State:
        """What the lake holds; the caller closes it.

        Args:
            files: The files to read; by default all that are listed.

        Raises:
            LakeError: If a file cannot be read.
        """
        listed = self.store.listed() if files is None else files
        return State([self.folder / file.name for file in listed], self.spill, self.policy.memory)

    def next_run(self) -> int:
        """Number of a new run: higher than that of any file that was ever written here."""
        listed = [file.run for file in self.store.listed()]
        return max([*listed, *self._runs_of_files()], default=0) + 1

    def _runs_of_files(self) -> Iterator[int]:
        for name in self.store.names():
            match = _FILE.fullmatch(name)
            if match is not None:
                yield int(match[1])

    def begin_list(self) -> None:
        """Begin the list of a new lake, so that a lake with files but no list has lost it.

        Raises:
            LakeError: If the list is lost, or the lake cannot be written.
        """
        if self.store.has_list():
            return
        if self.store.names():
            raise LakeError(
                f"The lake {self.folder} has files but no {LIST}, the list of those that count: "
                "run 'biodata-cache extract --full' once, all records are fetched anew."
            )
        self.store.commit([])

    def begin_run(self, *, is_full: bool) -> bool:
        """Prepare the folder for a run that writes.

        Nobody reads a lake that has lost its list, or whose list is damaged. A run that fetches
        all records again begins another one at its end, and until then leaves the files as they
        are.

        Args:
            is_full: Whether the run fetches all records again.

        Returns:
            Whether the list is lost.

        Raises:
            LakeError: If the list is lost and the run is not full, or the lake cannot be written.
        """
        if is_full and self._has_lost_list():
            self.store.remove(LIST)  # a damaged one
            return True
        self.begin_list()
        self.sweep()
        return False

    def _has_lost_list(self) -> bool:
        try:
            self.store.listed()
        except LakeError:
            return True
        return not self.store.has_list() and bool(self.store.names())

    def commit(self, *, add: Iterable[ListedFile] = (), remove: Iterable[str] = ()) -> None:
        """Change the list of files in one step, then remove the files that it no longer names.

        Args:
            add: Finished files.
            remove: Names of files.

        Raises:
            LakeError: If the lake cannot be read or written.
        """
        added, removed = list(add), set(remove)
        if added or removed or not self.store.has_list():
            kept = [file for file in self.store.listed() if file.name not in removed]
            self.store.commit([*kept, *added])
        self.sweep()

    def sweep(self) -> None:
        """Remove unlisted files of this lake, unless there is a reader."""
        sweep(self.store, _FILE)

    def database(self) -> duckdb.DuckDBPyConnection:
        """A database to read its files with."""
        return connect(self.spill, self.policy.memory)

    def file_name(self, run: int, number: int) -> str:
        """Name of a file; names sort as runs do."""
        return f"{run:08}-{number:04}.parquet"

    @property
    def spill(self) -> Path:
        """Folder for spilled data of the comparing database."""
        return self.raw / f".{self.collection}.spill"


def create_file(lake: Lake, name: str) -> UnfinishedFile:
    """Begin a file of rows."""
    options: dict[str, Any] = {
        "compression": "zstd",
        "use_dictionary": ["source", "schema_version", "extracted_at", "run"],
        # Bounds of JSON text are of no use, and would be as long as the text.
        "write_statistics": [
            "_id",
            "_last_modified",
            "run",
            "extracted_at",
            "bucket",
            "is_deleted",
        ],
    }
    return lake.store.create(name, SCHEMA, **options)

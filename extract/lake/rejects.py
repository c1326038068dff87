"""Rejected documents with their reason, and notes on repaired values."""

from __future__ import annotations

import re
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from filelock import FileLock

from biodata_cache._core.errors import LakeError
from extract.documents.repairs import Repair
from extract.lake.folder import Folder, ListedFile, unwritable
from extract.lake.reading import sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from extract.documents.document import Row
    from extract.lake.folder import UnfinishedFile
    from extract.lake.lake import Lake

REJECT_SCHEMA = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("file", pa.string(), nullable=False),
        pa.field("line", pa.int64()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("document", pa.large_binary()),
        pa.field("record_id", pa.string()),
        pa.field("name", pa.string()),
        pa.field("path", pa.string()),
    ]
)
REPAIRED = "repaired: "
"""How the reasons of documents begin that are in the lake, but not quite as they were."""
MOST_NOTES = 100
"""Most repairs of one document that are reported one by one."""
_GROUP_BYTES = 64 * 2**20
_PAGE = 10_000
_FOLDER = "rejects"
_ALL_BUCKETS = (0, 15)
_LOCK_SECONDS = 60.0


class RejectWriter:
    """Writes rejected documents, and notes on repaired ones.

    The file of the run before is replaced when the run ends. Repairs are remembered for as long as
    the record is unchanged; they are on the disk before the repaired rows are. As in the lake of
    records, what the list of files names counts, and no file changes its content.

    Args:
        lake: Lake whose collection the documents were meant for; the caller holds its lock.
        source: Where the documents come from.

    Attributes:
        count: Documents that could not be used.
        damaged: Files of earlier runs that cannot be read any more, a line for each.
    """

    def __init__(self, lake: Lake, source: str) -> None:
        """Begins a file that becomes visible with `close`."""
        self.count = 0
        self._source = source
        self._files = _Files(lake)
        self.damaged = self._files.drop_damaged()
        self._repaired: dict[tuple[str, str, int], list[dict[str, object]]] = {}
        self._noted: list[dict[str, object]] = []
        self._note_lock = Lock()
        self._file = self._files.create()
        self._rows: list[dict[str, object]] = []
        self._bytes = 0

    def add(
        self,
        file: str,
        line: int | None,
        reason: str,
        document: bytes,
        identity: tuple[str | None, str | None],
    ) -> None:
        """Add a rejected document, with its `_id` and name if they are known.

        Args:
            file: File or address it comes from.
            line: Its line; None for a whole file.
            reason: Why it could not be used.
            document: Its bytes.
            identity: Its `_id` and name.
        """
        self.count += 1
        record_id, name = identity
        row = self._row(file, line, reason) | {"record_id": record_id, "name": name}
        self._rows.append(row | {"document": document})
        self._bytes += len(document)
        if self._bytes >= _GROUP_BYTES:
            self._flush()

    def repaired(self, row: Row, file: str, line: int | None) -> None:
        """Add a note for each repaired value of a document.

        Args:
            row: The document.
            file: File or address it comes from.
            line: Its line, if there are lines.
        """
        shown = row.repairs[:MOST_NOTES]
        if len(row.repairs) > MOST_NOTES:
            shown += (Repair("", f"{len(row.repairs) - MOST_NOTES:,} more values"),)
        identity = {"record_id": row.record_id, "name": row.identity[0]}
        notes = [
            self._row(file, line, REPAIRED + problem) | identity | {"path": path or None}
            for path, problem in shown
        ]
        with self._note_lock:
            self._repaired[row.record_id, file, line or 0] = notes
            self._noted += notes

    def checkpoint(self) -> None:
        """Write the notes on repairs to disk."""
        with self._note_lock:
            noted, self._noted = self._noted, []
        if noted:
            file = self._files.create()
            file.write(pa.Table.from_pylist(noted, schema=REJECT_SCHEMA))
            self._files.change(add=[file.finish(buckets=_ALL_BUCKETS)])

    def keep_repairs(self, unchanged: Callable[[list[str]], set[str]]) -> None:
        """Copy the notes of earlier runs on unchanged documents."""
        for listed in self._files.own():
            with self._files.store.open(listed.name) as file:
                repaired = {record_id for record_id, _, _ in self._repaired}
                for batch in file.iter_batches(_PAGE):
                    rows = [row for row in batch.to_pylist() if _is_note(row)]
                    current = unchanged([row["record_id"] for row in rows]) - repaired
                    for row in rows:
                        if row["record_id"] in current:
                            key = (row["record_id"], row["file"], row["line"] or 0)
                            self._repaired.setdefault(key, []).append(row)

    def close(self) -> None:
        """Replace the rejects of the previous run, if they differ.

        Raises:
            LakeError: If the lake cannot be written.
        """
        self._rows += [row for _, rows in sorted(self._repaired.items()) for row in rows]
        self._flush()
        unfinished = self._file.close()
        own = self._files.own()
        same = next((file for file in own if file.sha256 == self._file.sha256), None)
        if same is None:
            self._files.change(add=[self._file.finish(buckets=_ALL_BUCKETS)], remove=own)
        else:
            unfinished.unlink()
            self._files.change(remove=[file for file in own if file != same])

    def abandon(self) -> None:
        """Keep the rejects of the previous run."""
        self._file.discard()

    def _row(self, file: str, line: int | None, reason: str) -> dict[str, object]:
        return {
            "source": self._source,
            "file": file,
            "line": line,
            "reason": reason,
            "document": b"",
        }

    def _flush(self) -> None:
        if self._rows:
            self._file.write(pa.Table.from_pylist(self._rows, schema=REJECT_SCHEMA))
        self._rows, self._bytes = [], 0


def _is_note(row: dict[str, Any]) -> bool:
    """Whether a row is a note on a repair."""
    return bool(row["reason"].startswith(REPAIRED))


def forget(lake: Lake) -> None:
    """Remove rejects and notes of a collection; the caller holds its lock."""
    files = _Files(lake)
    files.change(remove=files.own())


class _Files:
    """The files of one collection in the folder of rejects, whose list all collections share."""

    def __init__(self, lake: Lake) -> None:
        self.store = Folder(lake.raw / _FOLDER)
        self._raw = lake.raw
        self._collection = lake.collection
        self._name = re.compile(rf"{lake.collection}-\d{{8,}}\.parquet", re.ASCII)
        self._next = 1 + max(map(_number_of, self.store.names()), default=0)

    def own(self) -> list[ListedFile]:
        """The listed files of the collection."""
        return [file for file in self.store.listed() if self._name.fullmatch(file.name)]

    def create(self) -> UnfinishedFile:
        """Begin a file of the collection."""
        name = f"{self._collection}-{self._next:08}.parquet"
        self._next += 1
        return self.store.create(name, REJECT_SCHEMA, compression="zstd")

    def drop_damaged(self) -> list[str]:
        """Give up files that cannot be read any more, or whose list cannot; a line for each."""
        try:
            own = self.own()
        except LakeError as error:
            with self._listing():
                self.store.commit([])
            return [f"{error}"]
        damage = self.store.damage(own)
        self.change(remove=[file for file in own if file.name in damage])
        return [
            f"{self.store.path / name}: {problem}; what it said of repaired records comes again "
            "with 'biodata-cache extract --full'"
            for name, problem in damage.items()
        ]

    def change(self, *, add: Iterable[ListedFile] = (), remove: Iterable[ListedFile] = ()) -> None:
        """Replace the list atomically, and remove unlisted files unless there is a reader."""
        added, removed = list(add), {file.name for file in remove}
        with self._listing():
            if added or removed or not self.store.has_list():
                kept = [file for file in self.store.listed() if file.name not in removed]
                self.store.commit([*kept, *added])
        sweep(self.store, self._name)

    @contextmanager
    def _listing(self) -> Iterator[None]:
        """Lock the list, which all collections share.

        Raises:
            LakeError: If the folder cannot be written, or its lock is not released in time.
        """
        path = self._raw / f".{_FOLDER}.lock"
        try:
            self._raw.mkdir(parents=True, exist_ok=True)
            with FileLock(path, timeout=_LOCK_SECONDS):
                yield
        except OSError as error:  # a timeout is one, too
            raise unwritable(self._raw, error) from None


def _number_of(name: str) -> int:
    match = re.fullmatch(r".*-(\d{8,})\.parquet", name, re.ASCII)
    return int(match[1]) if match is not None else 0

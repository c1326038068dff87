"""Documents that could not be used, whole, and notes on what had to be repaired."""

from __future__ import annotations

import filecmp
from datetime import datetime, timezone
from threading import Lock
from typing import TYPE_CHECKING

import pyarrow as pa

from extract.lake.folder import Folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from extract.lake.lake import Lake

__all__ = ["REJECT_SCHEMA", "RejectWriter"]

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
_GROUP_BYTES = 64 * 2**20
_PAGE = 10_000


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
        if self._bytes >= _GROUP_BYTES:
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
            name = f"{self._prefix}{datetime.now(timezone.utc):%Y%m%dT%H%M%S%fZ}-0.parquet"
            file = self._store.create(name, REJECT_SCHEMA)
            file.write(pa.Table.from_pylist(noted, schema=REJECT_SCHEMA))
            file.finish()

    def keep_repairs(self, unchanged: Callable[[list[str]], set[str]]) -> None:
        """Carry over what earlier runs noted, of those documents that are unchanged."""
        for name in self._store.names():
            if name == self._name or name.startswith(self._prefix):
                with self._store.open(name) as file:
                    for batch in file.iter_batches(_PAGE):
                        rows = [
                            row for row in batch.to_pylist() if row["reason"].startswith(REPAIRED)
                        ]
                        current = unchanged([row["file"] for row in rows])
                        for row in rows:
                            if row["file"] in current:
                                self._repaired.setdefault(row["file"], row)

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

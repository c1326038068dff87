"""Documents that could not be used, whole, and notes on what had to be repaired."""

from __future__ import annotations

import filecmp
from datetime import datetime, timezone
from threading import Lock
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from extract.documents.repairs import Repair
from extract.lake.folder import Folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from extract.documents.document import Row
    from extract.lake.lake import Lake

__all__ = ["REJECT_SCHEMA", "RejectWriter"]

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
        self._repaired: dict[tuple[str, str, int], list[dict[str, object]]] = {}
        self._noted: list[dict[str, object]] = []
        self._note_lock = Lock()
        self._file = self._store.create(self._name, REJECT_SCHEMA, compression="zstd")
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
        """Keep one document, with its `_id` and name if they are known.

        Args:
            file: File or place it comes from.
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
        """Note what was repaired in a document, a note for each value.

        Args:
            row: The document.
            file: File or place it comes from.
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
                    told = {record_id for record_id, _, _ in self._repaired}
                    for batch in file.iter_batches(_PAGE):
                        rows = [row for row in batch.to_pylist() if _is_note(row)]
                        current = unchanged([row["record_id"] for row in rows]) - told
                        for row in rows:
                            if row["record_id"] in current:
                                key = (row["record_id"], row["file"], row["line"] or 0)
                                self._repaired.setdefault(key, []).append(row)

    def close(self) -> None:
        """Replace the rejects of the run before, if these are others.

        Raises:
            LakeError: The lake cannot be written.
        """
        self._rows += [row for _, rows in sorted(self._repaired.items()) for row in rows]
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
    """Whether a row says what was repaired; earlier versions did not say in which record."""
    return bool(row["reason"].startswith(REPAIRED) and row.get("record_id"))

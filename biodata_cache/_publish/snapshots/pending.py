"""The marker of an unfinished publish, during which public files are of more than one build."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from biodata_cache._core import layout as _layout
from biodata_cache._core.errors import RegistryError
from biodata_cache._core.foreign import NotJsonError
from biodata_cache._core.registry import document as _document
from biodata_cache._core.typed import typed_json

if TYPE_CHECKING:
    from biodata_cache._core.registry.entries import CacheRegistry, TableEntry
    from biodata_cache._publish.snapshots.snapshot import Snapshot
    from biodata_cache._storage.base import Storage

_ROLLBACK = "is_rollback"


@dataclass(frozen=True)
class _OldJournal:
    """What of the journal of an older version is read."""

    paths: list[str]


class Pending:
    """The marker of a publish that has begun to change public files and has not finished.

    Attributes:
        registry: Registry of the unfinished publish, with the tables of those before it; None if
            there is no marker, or an older publisher wrote it.
        tables: Tables whose files may have been written.
        paths: Files in the journal of an older publisher.
    """

    def __init__(self, storage: Storage, version_folder: str) -> None:
        self._storage = storage
        self._path = _layout.pending_path(version_folder)
        self.registry: CacheRegistry | None = None
        self.paths: list[str] = []
        got = storage.get(self._path)
        self.is_there = got is not None
        if got is None:
            return
        try:
            self.registry = _document.parse(got.content, self._path)
        except RegistryError:
            # Markers are written atomically: this one is of an older version.
            self.paths = _paths_of_old(got.content)

    @property
    def tables(self) -> tuple[TableEntry, ...]:
        """Tables whose files may have been written."""
        return () if self.registry is None else self.registry.tables

    @property
    def rolled_back_to(self) -> str | None:
        """The build that a rollback was restoring; None for a publish."""
        if self.registry is None or not self.registry.other.get(_ROLLBACK):
            return None
        return self.registry.build

    def write(self, snapshot: Snapshot, *, is_rollback: bool) -> None:
        """Write the marker, with the unfinished work of earlier publishes."""
        registry = snapshot.registry
        names = set(registry.names)
        left = [entry for entry in self.tables if entry.name not in names]
        marked = replace(
            registry,
            tables=(*registry.tables, *left),
            other=registry.other | {_ROLLBACK: is_rollback},
        )
        content = _document.document(marked)
        self._storage.put(self._path, content, sha256(content).hexdigest())
        self.is_there = True

    def remove(self) -> None:
        """Remove the marker, after the last write."""
        if self.is_there:
            self._storage.delete([self._path])
            self.is_there = False


def _paths_of_old(content: bytes) -> list[str]:
    """Paths in the journal of an older version."""
    try:
        return typed_json(content, _OldJournal).paths
    except NotJsonError:
        return []

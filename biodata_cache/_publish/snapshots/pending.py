"""The marker of an unfinished publish, during which public files are of more than one build."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from biodata_cache._core import layout as _layout
from biodata_cache._core.errors import RegistryError
from biodata_cache._core.registry import document as _document

if TYPE_CHECKING:
    from biodata_cache._core.registry.entries import CacheRegistry, TableEntry
    from biodata_cache._publish.snapshots.snapshot import Snapshot
    from biodata_cache._storage.base import Storage

_ROLLBACK = "is_rollback"


class Pending:
    """The marker of a publish that has begun to change public files and has not finished.

    Attributes:
        registry: Registry of the unfinished publish, with the tables of those before it; None if
            there is no marker, or it is damaged.
        tables: Tables whose files may have been written.
    """

    def __init__(self, storage: Storage, version_folder: str) -> None:
        self._storage = storage
        self._path = _layout.pending_path(version_folder)
        self.registry: CacheRegistry | None = None
        got = storage.get(self._path)
        self.is_there = got is not None
        if got is not None:
            with suppress(RegistryError):
                self.registry = _document.parse(got.content, self._path)

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

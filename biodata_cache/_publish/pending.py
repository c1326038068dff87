"""Word of a publish that is at work or was killed: public files are of more than one build."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from biodata_cache._core import layout as _layout
from biodata_cache._core.errors import RegistryError
from biodata_cache._core.foreign import json_value
from biodata_cache._core.registry import document as _document

if TYPE_CHECKING:
    from biodata_cache._core.registry.entries import CacheRegistry, TableEntry
    from biodata_cache._publish.snapshot import Snapshot
    from biodata_cache._storage.base import Storage

_ROLLBACK = "is_rollback"


class Pending:
    """Word of a publish that has begun to change public files, and was not finished.

    Attributes:
        registry: What it was to publish, and others before it; None if there is none.
        tables: The tables of which files may be there.
        paths: Files that a publish of an older version had begun with.
    """

    def __init__(self, storage: Storage, version_folder: str) -> None:
        self._storage = storage
        self._path = _layout.pending_path(version_folder)
        self.registry: CacheRegistry | None = None
        self.paths: list[str] = []
        found = storage.get(self._path)
        self.is_there = found is not None
        if found is None:
            return
        try:
            self.registry = _document.parse(found.content, self._path)
        except RegistryError:
            # Written whole, so by an older version, or not by us at all.
            self.paths = _paths_of_old(found.content)

    @property
    def tables(self) -> tuple[TableEntry, ...]:
        """The tables of which files may be there."""
        return () if self.registry is None else self.registry.tables

    @property
    def rolled_back_to(self) -> str | None:
        """The build that was to be put back, if it was a rollback."""
        if self.registry is None or not self.registry.other.get(_ROLLBACK):
            return None
        return self.registry.build

    def write(self, snapshot: Snapshot, *, is_rollback: bool) -> None:
        """Write down what is about to be published, with what earlier ones left undone."""
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
        """All is done."""
        if self.is_there:
            self._storage.delete([self._path])
            self.is_there = False


def _paths_of_old(content: bytes) -> list[str]:
    """What the journal of an older version names."""
    try:
        return [str(path) for path in json_value(content)["paths"]]
    except (ValueError, KeyError, TypeError):
        return []

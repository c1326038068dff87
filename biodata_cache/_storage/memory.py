"""The memory of this process as a storage; it ends with the process."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from biodata_cache._core.errors import CacheFileError
from biodata_cache._storage.base import LEASE_SECONDS, Got, Stat, checked_path, other_bytes
from biodata_cache._storage.lease import leased
from biodata_cache._storage.local import written_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from biodata_cache._storage.base import Lease, Names


@dataclass(eq=False)
class MemoryStorage:
    """Bytes by path.

    Attributes:
        name: What to call the storage in messages.
        threads: How many paths are best written at once.
    """

    name: str = "memory"
    threads: int = 2
    _contents: dict[str, tuple[bytes, str, float]] = field(default_factory=dict, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _writes: int = 0

    def address(self, path: str = "") -> str:
        """An address that only this storage knows."""
        return f"{self.name}:{path}"

    def secret(self) -> None:
        """None: no secret is needed."""

    def get(
        self,
        path: str,
        *,
        unless: Got | None = None,
        only: str | None = None,
        first: int | None = None,
    ) -> Got | None:
        """The bytes at a path."""
        found = self._contents.get(path)
        if found is None:
            return None
        content, tag, written = found
        if unless is not None and unless.tag == tag:
            return unless
        if only is not None and only != tag:
            return None
        return Got(content[:first], tag, time.monotonic() - written)

    def download(
        self, path: str, target: Path, *, sha256: str | None = None, only: str | None = None
    ) -> bool:
        """Write the bytes into a file."""
        found = self.get(path, only=only)
        if found is None or sha256 not in {None, hashlib.sha256(found.content).hexdigest()}:
            return False
        with written_whole(target) as unfinished:
            unfinished.write_bytes(found.content)
        return True

    def stat(self, path: str) -> Stat | None:
        """Size and tag."""
        found = self._contents.get(path)
        return None if found is None else Stat(len(found[0]), found[1])

    def list(self, prefix: str) -> Iterator[tuple[str, Stat]]:
        """Every path that begins with a text."""
        for path, (content, tag, _) in sorted(self._contents.copy().items()):
            if path.startswith(prefix):
                yield path, Stat(len(content), tag)

    def folders(self, prefix: str) -> Names:
        """First parts of the paths below a folder."""
        start = f"{prefix.rstrip('/')}/" if prefix else ""
        below = (path[len(start) :] for path, _ in self.list(start))
        return sorted({path.partition("/")[0] for path in below if "/" in path})

    def sha256(self, path: str) -> str | None:
        """Hash of the bytes."""
        found = self.get(path)
        return None if found is None else hashlib.sha256(found.content).hexdigest()

    def holds(self, path: str, stat: Stat, source: bytes | Path, sha256: str) -> bool:  # noqa: ARG002
        """By hash."""
        return self.sha256(path) == sha256

    def put(self, path: str, source: bytes | Path, sha256: str) -> str:
        """Keep the bytes."""
        checked_path(path, self.address())
        data = source if isinstance(source, bytes) else source.read_bytes()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise other_bytes(self.address(path), source)
        with self._lock:
            self._writes += 1
            self._contents[path] = (data, str(self._writes), time.monotonic())
            return str(self._writes)

    def put_if(self, path: str, data: bytes, tag: str | None) -> str | None:
        """Compare and write."""
        with self._lock:
            found = self.get(path)
            if found is not None and found.content == data:
                return found.tag
            if (None if found is None else found.tag) != tag:
                return None
            return self.put(path, data, hashlib.sha256(data).hexdigest())

    def copy(self, path: str, target: str) -> None:
        """Keep the same bytes under another path."""
        found = self.get(path)
        if found is None:
            raise CacheFileError(f"{self.address(path)} cannot be read (no such file).")
        self.put(target, found.content, hashlib.sha256(found.content).hexdigest())

    def delete(self, paths: Iterable[str]) -> None:
        """Forget the bytes."""
        for path in paths:
            self._contents.pop(path, None)

    def delete_if(self, path: str, tag: str) -> bool:
        """Compare and forget."""
        with self._lock:
            found = self.stat(path)
            if found is not None and found.tag != tag:
                return False
            self.delete([path])
            return True

    def sweep(self, prefix: str) -> None:
        """Nothing to do: no write is ever unfinished."""

    def lease(
        self, path: str, seconds: float = LEASE_SECONDS, stage: str = "publish"
    ) -> AbstractContextManager[Lease]:
        """The lease that every storage without locks has."""
        return leased(self, path, seconds, stage)

"""The memory of this process as a storage; it ends with the process."""

from __future__ import annotations

import hashlib
import threading
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING

from biodata_cache._core.errors import CacheFileError
from biodata_cache._storage.base import LEASE_SECONDS, Got, Stat, checked_path, other_bytes
from biodata_cache._storage.common import ComparesFirst, CopiesOut, Opened
from biodata_cache._storage.lease import leased

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from biodata_cache._storage.base import Lease, Names


@dataclass(eq=False)
class MemoryStorage(CopiesOut, ComparesFirst):
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
        with self._opened(path, only) as content:
            if content is None or (unless is not None and unless.tag == content.tag):
                return unless if content is not None else None
            return Got(content.source.read(-1 if first is None else first), *content[1:3])

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

    def sweep(self, prefix: str) -> None:
        """Nothing to do: no write is ever unfinished."""

    def lease(
        self, path: str, seconds: float = LEASE_SECONDS, stage: str = "publish"
    ) -> AbstractContextManager[Lease]:
        """The lease that every storage without locks has."""
        return leased(self, path, seconds, stage)

    @contextmanager
    def _opened(self, path: str, only: str | None = None) -> Iterator[Opened | None]:
        content, tag, written = self._contents.get(path, (b"", None, 0.0))
        is_meant = tag is not None and only in {None, tag}
        age = time.monotonic() - written
        yield Opened(BytesIO(content), str(tag), age) if is_meant else None

    def _errors(self, path: str, what: str = "read") -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()

    def _alone(self) -> AbstractContextManager[object]:
        return self._lock

"""A storage in the memory of this process."""

from __future__ import annotations

import hashlib
import threading
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING

from biodata_cache._core.errors import CacheFileError
from biodata_cache._storage.base import LEASE_SECONDS, Stat, check_path, content_mismatch
from biodata_cache._storage.common import LockedConditionalWrites, OpenContent, StreamedReads
from biodata_cache._storage.lease import leased

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from biodata_cache._storage.base import Lease, Names


@dataclass(eq=False)
class MemoryStorage(StreamedReads, LockedConditionalWrites):
    """Bytes by path.

    Attributes:
        name: Name of the storage in messages.
        threads: Number of paths to write in parallel.
    """

    name: str = "memory"
    threads: int = 2
    _contents: dict[str, tuple[bytes, str, float]] = field(default_factory=dict, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _writes: int = 0

    def address(self, path: str = "") -> str:
        """An address for messages; nothing else can open it."""
        return f"{self.name}:{path}"

    def secret(self) -> None:
        """None: no secret is needed."""

    def stat(self, path: str) -> Stat | None:
        """Size and tag."""
        stored = self._contents.get(path)
        return None if stored is None else Stat(len(stored[0]), stored[1])

    def list(self, prefix: str) -> Iterator[tuple[str, Stat]]:
        """Every path that begins with the prefix, sorted."""
        for path, (content, tag, _) in sorted(self._contents.copy().items()):
            if path.startswith(prefix):
                yield path, Stat(len(content), tag)

    def folders(self, prefix: str) -> Names:
        """First parts of the paths below a folder, sorted."""
        start = f"{prefix.rstrip('/')}/" if prefix else ""
        below = (path[len(start) :] for path, _ in self.list(start))
        return sorted({path.partition("/")[0] for path in below if "/" in path})

    def holds(self, path: str, stat: Stat, source: bytes | Path, sha256: str) -> bool:  # noqa: ARG002
        """Compare the hash."""
        return self.sha256(path) == sha256

    def put(self, path: str, source: bytes | Path, sha256: str) -> str:
        """Store the bytes after their hash is verified."""
        check_path(path, self.address())
        data = source if isinstance(source, bytes) else source.read_bytes()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise content_mismatch(self.address(path), source)
        with self._lock:
            self._writes += 1
            self._contents[path] = (data, str(self._writes), time.monotonic())
            return str(self._writes)

    def copy(self, path: str, target: str) -> str:
        """Store the same bytes under another path."""
        stored = self.get(path)
        if stored is None:
            raise CacheFileError(f"{self.address(path)} cannot be read (no such file).")
        return self.put(target, stored.content, hashlib.sha256(stored.content).hexdigest())

    def delete(self, paths: Iterable[str]) -> None:
        """Delete paths."""
        for path in paths:
            self._contents.pop(path, None)

    def sweep(self, prefix: str) -> None:
        """Does nothing: no write is ever unfinished."""

    def lease(
        self, path: str, seconds: float = LEASE_SECONDS, stage: str = "publish"
    ) -> AbstractContextManager[Lease]:
        """A lease as a document, renewed while it is held."""
        return leased(self, path, seconds, stage)

    @contextmanager
    def _open_content(self, path: str, only: str | None = None) -> Iterator[OpenContent | None]:
        content, tag, written = self._contents.get(path, (b"", None, 0.0))
        is_meant = tag is not None and only in {None, tag}
        age = time.monotonic() - written
        yield OpenContent(BytesIO(content), str(tag), age) if is_meant else None

    def _errors(self, path: str, what: str = "read") -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()

    def _exclusive(self) -> AbstractContextManager[object]:
        return self._lock

"""Shared parts of the storages: hashing while copying, atomic file writes, locked updates."""

from __future__ import annotations

import hashlib
import os
import secrets
from abc import ABC, abstractmethod
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from biodata_cache._storage.base import StoredContent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import BinaryIO

    from biodata_cache._storage.base import Stat

_Result = TypeVar("_Result")
_BLOCK_BYTES = 2**20


class Readable(Protocol):
    """A source that is read block by block."""

    def read(self, size: int = -1, /) -> bytes:
        """Read the next block; empty at the end."""


class OpenContent(NamedTuple):
    """Content that is open for reading.

    Attributes:
        source: Where to read the bytes.
        age: Seconds since it was written.
        sha256: Hash that was recorded with it; None if none was.
    """

    source: Readable
    tag: str
    age: float
    sha256: str | None = None


class StreamedReads(ABC):
    """`download` and `sha256` for a storage that can open its content as a stream."""

    @abstractmethod
    def _open_content(
        self, path: str, only: str | None = None
    ) -> AbstractContextManager[OpenContent | None]:
        """Open the content of a path; None if there is none, or its tag is not `only`."""

    @abstractmethod
    def _errors(self, path: str, what: str = "read") -> AbstractContextManager[None]:
        """Translate exceptions of the storage into subclasses of `CacheError`."""

    def _retried(self, attempt: Callable[[], _Result]) -> _Result:
        """The result of an attempt, repeated after transient errors; here without repetition."""
        return attempt()

    def get(
        self,
        path: str,
        *,
        unless: StoredContent | None = None,
        only: str | None = None,
        first: int | None = None,
    ) -> StoredContent | None:
        """Read content, the tag of which is known when it is opened."""
        with self._errors(path), self._open_content(path, only) as content:
            if content is None or (unless is not None and unless.tag == content.tag):
                return unless if content is not None else None
            return StoredContent(content.source.read(-1 if first is None else first), *content[1:3])

    def download(
        self, path: str, target: Path, *, sha256: str | None = None, only: str | None = None
    ) -> bool:
        """Copy content into a file; False if its hash is not `sha256`, or else the recorded one."""

        def attempt() -> bool:
            with atomic_write(target) as unfinished, self._open_content(path, only) as content:
                if content is None:
                    return False
                with unfinished.open("wb") as file:
                    actual = copy_and_hash(content.source, file)
                if (sha256 or content.sha256) not in {None, actual}:
                    unfinished.unlink()
                    return False
            return True

        with self._errors(path):
            return self._retried(attempt)

    def sha256(self, path: str) -> str | None:
        """Hash of the current content."""

        def attempt() -> str | None:
            with self._open_content(path) as content:
                return None if content is None else copy_and_hash(content.source, None)

        with self._errors(path):
            return self._retried(attempt)


class LockedConditionalWrites(ABC):
    """`put_if` and `delete_if` for a storage that can lock out other writers."""

    @abstractmethod
    def _exclusive(self) -> AbstractContextManager[object]:
        """Lock out other conditional writes."""

    @abstractmethod
    def get(self, path: str) -> StoredContent | None: ...
    @abstractmethod
    def stat(self, path: str) -> Stat | None: ...
    @abstractmethod
    def put(self, path: str, source: bytes | Path, sha256: str) -> str: ...
    @abstractmethod
    def delete(self, paths: Iterable[str]) -> None: ...

    def put_if(self, path: str, data: bytes, tag: str | None) -> str | None:
        """Compare and write under the lock."""
        with self._exclusive():
            current = self.get(path)
            if current is not None and current.content == data:
                return current.tag
            if (None if current is None else current.tag) != tag:
                return None
            return self.put(path, data, hashlib.sha256(data).hexdigest())

    def delete_if(self, path: str, tag: str) -> bool:
        """Compare and delete under the lock."""
        with self._exclusive():
            current = self.stat(path)
            if current is not None and current.tag != tag:
                return False
            self.delete([path])
            return True


@contextmanager
def atomic_write(target: Path) -> Iterator[Path]:
    """A temporary path to write to, which replaces `target` when the block ends without error."""
    unfinished = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield unfinished
        with suppress(FileNotFoundError):  # the block removed it: nothing is to be replaced
            unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def copy_and_hash(source: Readable, target: BinaryIO | None) -> str:
    """Read a source to its end, write it to the target if one is given, and return its SHA-256."""
    digest = hashlib.sha256()
    while block := source.read(_BLOCK_BYTES):
        digest.update(block)
        if target is not None:
            target.write(block)
    return digest.hexdigest()


def sha256_of(path: Path) -> str:
    """SHA-256 of a file as hexadecimal text, in bounded memory.

    Raises:
        OSError: If the file cannot be read.
    """
    with path.open("rb") as file:
        return copy_and_hash(file, None)


def file_identity(path: Path | str) -> tuple[int, int, int] | None:
    """Inode, modification time in ns and size, which change when a file is replaced.

    None if there is no such file, or can be none.
    """
    try:
        status = os.stat(path)  # noqa: PTH116  # a path made for each of thousands costs more
    except (OSError, ValueError):
        return None
    return (status.st_ino, status.st_mtime_ns, status.st_size)

"""Shared parts of the storages: hashing while copying, atomic file writes."""

from __future__ import annotations

import hashlib
import os
import secrets
from abc import ABC, abstractmethod
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import BinaryIO


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

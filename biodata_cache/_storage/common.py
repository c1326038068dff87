"""What storages have in common: content is hashed while it is copied, and files appear whole."""

from __future__ import annotations

import hashlib
import secrets
from abc import ABC, abstractmethod
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import BinaryIO

    from biodata_cache._storage.base import Got, Stat

_Result = TypeVar("_Result")
_BLOCK_BYTES = 2**20


class Readable(Protocol):
    """What can be read in pieces."""

    def read(self, size: int = -1, /) -> bytes:
        """Read on; no bytes at the end."""


class Opened(NamedTuple):
    """Content that can be read.

    Attributes:
        source: The bytes.
        tag: Tag that they have.
        age: Seconds since they were written.
        sha256: Hash that was recorded with them, if one was.
    """

    source: Readable
    tag: str
    age: float
    sha256: str | None = None


class CopiesOut(ABC):
    """Copying and hashing for a storage that can open its content."""

    @abstractmethod
    def _opened(self, path: str, only: str | None = None) -> AbstractContextManager[Opened | None]:
        """Content of a path; None if there is none, or it has another tag than `only`."""

    @abstractmethod
    def _errors(self, path: str, what: str = "read") -> AbstractContextManager[None]:
        """Our errors for those of the storage."""

    def _repeated(self, attempt: Callable[[], _Result]) -> _Result:
        """The result of an attempt, which is repeated where that may help."""
        return attempt()

    def download(
        self, path: str, target: Path, *, sha256: str | None = None, only: str | None = None
    ) -> bool:
        """Copy content into a file, if it has the hash that is known or was recorded with it."""

        def attempt() -> bool:
            with written_whole(target) as unfinished, self._opened(path, only) as content:
                if content is None:
                    return False
                with unfinished.open("wb") as file:
                    found = copied(content.source, file)
                if (sha256 or content.sha256) not in {None, found}:
                    unfinished.unlink()
                    return False
            return True

        with self._errors(path):
            return self._repeated(attempt)

    def sha256(self, path: str) -> str | None:
        """Hash of the content, all of which is read."""

        def attempt() -> str | None:
            with self._opened(path) as content:
                return None if content is None else copied(content.source, None)

        with self._errors(path):
            return self._repeated(attempt)


class ComparesFirst(ABC):
    """Conditional writes for a storage that can keep other writers out."""

    @abstractmethod
    def _alone(self) -> AbstractContextManager[object]:
        """Keep other conditional writes out for as long as one takes."""

    @abstractmethod
    def get(self, path: str) -> Got | None: ...
    @abstractmethod
    def stat(self, path: str) -> Stat | None: ...
    @abstractmethod
    def put(self, path: str, source: bytes | Path, sha256: str) -> str: ...
    @abstractmethod
    def delete(self, paths: Iterable[str]) -> None: ...

    def put_if(self, path: str, data: bytes, tag: str | None) -> str | None:
        """Compare and write."""
        with self._alone():
            found = self.get(path)
            if found is not None and found.content == data:
                return found.tag
            if (None if found is None else found.tag) != tag:
                return None
            return self.put(path, data, hashlib.sha256(data).hexdigest())

    def delete_if(self, path: str, tag: str) -> bool:
        """Compare and remove."""
        with self._alone():
            found = self.stat(path)
            if found is not None and found.tag != tag:
                return False
            self.delete([path])
            return True


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """A path to write to; what is there in the end becomes `target`, whole."""
    unfinished = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield unfinished
        with suppress(FileNotFoundError):  # taken back
            unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def copied(source: Readable, target: BinaryIO | None) -> str:
    """Hash of what is read from a source, which is written to a target if there is one."""
    digest = hashlib.sha256()
    while block := source.read(_BLOCK_BYTES):
        digest.update(block)
        if target is not None:
            target.write(block)
    return digest.hexdigest()


def sha256_of(path: Path) -> str:
    """Content hash of a file, in bounded memory.

    Raises:
        OSError: If it cannot be read.
    """
    with path.open("rb") as file:
        return copied(file, None)


def identity(path: Path) -> tuple[int, int, int] | None:
    """What tells a file from the one that replaces it: inode, time of the last change and size."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_size)

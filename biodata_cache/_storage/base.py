"""The interface of every storage, bytes by path, and the errors that all of them raise.

Paths are relative to the storage, with `/` between their parts. Every write is whole: a reader sees
the old content of a path or the new one, never a part. Every storage reports failures alike:

    nothing at a path, or an invalid path          None, False, or nothing listed
    no such bucket                                 CacheNotFoundError
    rights, refused credentials, links in a root   AccessError
    no response, or an interrupted one             UnreachableError
    another process holds the lease                LockedError
    a write to an invalid path                     CacheFileError
    bytes that do not have the given hash          CacheFileError
    anything else                                  CacheFileError
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from biodata_cache._core.errors import CacheFileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager


LEASE_SECONDS = 180.0

Names = list[str]
"""An alias, because inside a storage `list` is a method."""


class Stat(NamedTuple):
    """Metadata of the content at a path, known without reading it.

    Attributes:
        tag: ETag, or its equivalent: changes whenever the content does.
        sha256: Content hash that was recorded when the content was written; None if none was.
    """

    size: int
    tag: str
    sha256: str | None = None


class StoredContent(NamedTuple):
    """The content of a path, with its tag and age.

    Attributes:
        tag: Tag of this content, as `put_if` and `delete_if` take it.
        age: Seconds since it was written, by the clock of the storage.
    """

    content: bytes
    tag: str
    age: float = 0.0


class Lease(Protocol):
    """An exclusive lease that this process holds."""

    def check(self) -> None:
        """Check that the lease is still held.

        Raises:
            LockedError: If the lease could not be renewed in time; another process may hold it.
        """


class Storage(Hashable, Protocol):
    """Bytes by path: `LocalStorage`, `S3Storage` or `MemoryStorage`."""

    @property
    def threads(self) -> int:
        """Number of paths to read or write in parallel."""

    def address(self, path: str = "") -> str:
        """Absolute address of a path, as registries, messages and DuckDB have it."""

    def secret(self) -> dict[str, str] | None:
        """Options of the DuckDB secret that reads the addresses; None if none is needed."""

    def get(
        self,
        path: str,
        *,
        unless: StoredContent | None = None,
        only: str | None = None,
        first: int | None = None,
    ) -> StoredContent | None:
        """Read the content of a path; None if there is none.

        Args:
            path: Path of the content.
            unless: Content read before; returned without a transfer if it has not changed.
            only: Tag that the content must have; the result is None if it has another.
            first: Maximum number of bytes to read, from the beginning.
        """

    def download(
        self, path: str, target: Path, *, sha256: str | None = None, only: str | None = None
    ) -> bool:
        """Copy content into a local file, which is replaced atomically.

        Args:
            path: Path of the content.
            target: The file.
            sha256: Hash that the content must have.
            only: Tag that the content must have.

        Returns:
            False if there is nothing at the path, or its hash or tag is another.
        """

    def stat(self, path: str) -> Stat | None:
        """Metadata of a path; None if there is nothing."""

    def list(self, prefix: str) -> Iterator[tuple[str, Stat]]:
        """Every path that begins with this text, in order of their UTF-8 bytes."""

    def folders(self, prefix: str) -> Names:
        """Names of the folders right below a folder, sorted.

        Args:
            prefix: Path of the folder with `/` at its end; empty for the storage itself.
        """

    def sha256(self, path: str) -> str | None:
        """Hash of the current content, all of which is read; None if there is none."""

    def holds(self, path: str, stat: Stat, source: bytes | Path, sha256: str) -> bool:
        """Whether a path already holds the content of a source.

        Args:
            path: The path.
            stat: Its metadata.
            source: The bytes, or a local file that has them.
            sha256: Hash of the source.
        """

    def put(self, path: str, source: bytes | Path, sha256: str) -> str:
        """Write content unconditionally.

        Args:
            path: Path of the content.
            source: The bytes, or a local file that has them.
            sha256: Hash that the source must have.

        Returns:
            The tag of the new content.

        Raises:
            CacheFileError: If the hash of the source is another; nothing was written.
        """

    def put_if(self, path: str, data: bytes, tag: str | None) -> str | None:
        """Write content if the current content has this tag, or, with None, if there is none.

        Returns:
            The tag of the new content; None if the condition does not hold and nothing was written.
            Content that equals `data` counts as written: a request that is repeated because its
            response was lost finds its own content.
        """

    def copy(self, path: str, target: str) -> str:
        """Copy the content of one path to another.

        Returns:
            The tag of the new content.

        Raises:
            CacheFileError: If there is nothing at the path.
        """

    def delete(self, paths: Iterable[str]) -> None:
        """Delete paths; missing ones are ignored."""

    def delete_if(self, path: str, tag: str) -> bool:
        """Delete a path if its content has this tag; False if it has another."""

    def sweep(self, prefix: str) -> None:
        """Remove unfinished writes below a prefix; the caller must hold the lease of it."""

    def lease(
        self, path: str, seconds: float = LEASE_SECONDS, stage: str = "publish"
    ) -> AbstractContextManager[Lease]:
        """Hold an exclusive lease for the duration of a `with` block.

        Args:
            path: Path of the lease.
            seconds: Time after which a lease that is not renewed ends.
            stage: Name of the stage that holds it, for messages.

        Raises:
            LockedError: If another process holds it.
        """


_CONTENT_NAME = re.compile(r"[0-9a-f]{64}")


def is_named_by_content(path: str) -> bool:
    """Whether a path is that of an immutable object, named by the hash of its content.

    Example:
        >>> is_named_by_content(".objects/" + "0f" * 32 + ".pqt")
        True
        >>> is_named_by_content("bdc-v0.50.0/asset_basics.pqt")
        False
    """
    return _CONTENT_NAME.fullmatch(Path(path).stem) is not None


def is_valid_path(path: str) -> bool:
    """Whether each part of a path is a plain name: not empty, `.` or `..`, no backslash or NUL.

    Example:
        >>> is_valid_path("qc/subject_id=1/data.pqt"), is_valid_path("qc/../x")
        (True, False)
    """
    return not any(part in {"", ".", ".."} or set(part) & {"\0", "\\"} for part in path.split("/"))


def check_path(path: str, address: str) -> None:
    """Check that a path is valid before it is written.

    Raises:
        CacheFileError: If a part is not a plain name (see `is_valid_path`).
    """
    if not is_valid_path(path):
        raise CacheFileError(
            f"{path!r} is no path below {address}: each part must be a single name. Whatever "
            "names it (a registry, or a setting) is damaged; nothing was written."
        )


def content_mismatch(address: str, source: bytes | Path) -> CacheFileError:
    """The error for a source that does not have the hash it should have."""
    what = "the bytes" if isinstance(source, bytes) else str(source)
    return CacheFileError(
        f"{address} was not written: {what} changed after its sha256 was taken, or cannot be read "
        "as it was. Make sure that nothing else writes there, and run again."
    )


class DataFile(NamedTuple):
    """A data file of a published table, as the registry lists it.

    Attributes:
        size: Number of bytes; None if unknown.
        sha256: Content hash; None if unknown.
    """

    address: str
    size: int | None = None
    sha256: str | None = None

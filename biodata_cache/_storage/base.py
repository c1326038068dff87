"""What a storage is: bytes by path, and what every kind of it promises alike.

Paths are relative to the storage, with `/` between their parts. Every write is whole: a reader sees
the old content of a path or the new one, never a part. What stands in the way becomes one of the
errors of this package, the same for every storage:

    nothing at a path, or a path that cannot be    None, False, or nothing listed
    no such bucket                                 CacheNotFoundError
    rights, refused credentials, links in a root   AccessError
    no answer, or answers that break off           UnreachableError
    a lease of somebody else                       LockedError
    a write to a path that cannot be               CacheFileError
    other bytes than announced, anything else      CacheFileError
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from biodata_cache._core.errors import (
    CacheFileError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager


LEASE_SECONDS = 180.0


Names = list[str]
"""As a type of its own, because `list` is a method of every storage."""


class Stat(NamedTuple):
    """What is known of the content at a path without reading it.

    Attributes:
        size: Number of bytes.
        tag: Changes whenever the content does.
        sha256: Content hash as it was written down with the content; None if it was not.
    """

    size: int
    tag: str
    sha256: str | None = None


class Got(NamedTuple):
    """Content that was read.

    Attributes:
        content: The bytes.
        tag: Names this content, for `put_if` and `delete_if`.
        age: Seconds since it was written, by the clock of the storage.
    """

    content: bytes
    tag: str
    age: float = 0.0


class Lease(Protocol):
    """The right to write, which is held."""

    def check(self) -> None:
        """Make sure that the lease is still held.

        Raises:
            LockedError: If it could not be renewed in time, so that somebody else may hold it.
        """


class Storage(Hashable, Protocol):
    """A place for bytes by path: `LocalStorage`, `S3Storage` or `MemoryStorage`."""

    @property
    def threads(self) -> int:
        """How many paths are best read or written at once."""

    def address(self, path: str = "") -> str:
        """What to call a path in registries and messages, and where DuckDB reads it."""

    def secret(self) -> dict[str, str] | None:
        """Options of the secret with which DuckDB reads addresses; None if it needs none."""

    def get(
        self,
        path: str,
        *,
        unless: Got | None = None,
        only: str | None = None,
        first: int | None = None,
    ) -> Got | None:
        """Read the content of a path; None if there is none.

        Args:
            path: Path of the content.
            unless: What was read before; returned as it is, without a transfer, if it still holds.
            only: Tag that the content must have; None is returned if it has another.
            first: Read at most this number of bytes, from the beginning.
        """

    def download(
        self, path: str, target: Path, *, sha256: str | None = None, only: str | None = None
    ) -> bool:
        """Copy content into a local file, which appears whole or not at all.

        Args:
            path: Path of the content.
            target: The file.
            sha256: Hash that the content must have.
            only: Tag that the content must have.

        Returns:
            False if there is nothing at the path, or something else than `sha256` or `only` says.
        """

    def stat(self, path: str) -> Stat | None:
        """Size, tag and recorded hash of a path; None if there is nothing."""

    def list(self, prefix: str) -> Iterator[tuple[str, Stat]]:
        """Every path that begins with this text, in order of their UTF-8 bytes."""

    def folders(self, prefix: str) -> Names:
        """Names of the folders right below a folder, sorted.

        Args:
            prefix: Path of the folder with `/` at its end; empty for the storage itself.
        """

    def sha256(self, path: str) -> str | None:
        """Hash of the content as it is now, which is read for that; None if there is none."""

    def holds(self, path: str, stat: Stat, source: bytes | Path, sha256: str) -> bool:
        """Whether a path, of which this is known, holds the content of a source already."""

    def put(self, path: str, source: bytes | Path, sha256: str) -> str:
        """Write content, whatever was there before.

        Args:
            path: Path of the content.
            source: The bytes, or a local file that has them.
            sha256: Hash of the bytes that are meant.

        Returns:
            The tag of the new content.

        Raises:
            CacheFileError: If the source has other bytes than announced; nothing was written.
        """

    def put_if(self, path: str, data: bytes, tag: str | None) -> str | None:
        """Write content in place of what has this tag, None for nothing.

        Returns:
            The tag of the new content; None if something else is there, so that nothing was
            written. If that is `data` already, it counts as written: a request that was sent again
            because its answer was lost finds its own content.
        """

    def copy(self, path: str, target: str) -> None:
        """Have the content of one path under another, too.

        Raises:
            CacheFileError: If there is nothing at the path.
        """

    def delete(self, paths: Iterable[str]) -> None:
        """Remove paths; those that are not there do not count."""

    def delete_if(self, path: str, tag: str) -> bool:
        """Remove what has this tag; False if there is something else now."""

    def sweep(self, prefix: str) -> None:
        """Remove unfinished writes to paths that begin with this text; needs their lease."""

    def lease(
        self, path: str, seconds: float = LEASE_SECONDS, stage: str = "publish"
    ) -> AbstractContextManager[Lease]:
        """Keep others out who ask for the same lease.

        Args:
            path: Path of the lease.
            seconds: Where a lease can outlive its holder: how long.
            stage: What the holder does, for messages.

        Raises:
            LockedError: If somebody else holds it.
        """


_CONTENT_NAME = re.compile(r"[0-9a-f]{64}")


def is_named_by_content(path: str) -> bool:
    """Whether the name of a file is the hash of its content, so that it never changes.

    Example:
        >>> is_named_by_content(".objects/" + "0f" * 32 + ".pqt")
        True
        >>> is_named_by_content("bdc-v0.50.0/asset_basics.pqt")
        False
    """
    return _CONTENT_NAME.fullmatch(Path(path).stem) is not None


def is_path(path: str) -> bool:
    """Whether each part of a path is the name of a file or folder and nothing more.

    Example:
        >>> is_path("qc/subject_id=1/data.pqt"), is_path("qc/../x"), is_path("")
        (True, False, False)
    """
    return not any(part in {"", ".", ".."} or set(part) & {"\0", "\\"} for part in path.split("/"))


def checked_path(path: str, address: str) -> None:
    """Make sure that a path can be written.

    Args:
        path: The path.
        address: What to call the storage.

    Raises:
        CacheFileError: If a part is empty, `.` or `..`, or holds a character that no name may.
    """
    if not is_path(path):
        raise CacheFileError(
            f"{path!r} is no path below {address}: each part must be a single name. Whatever "
            "names it (a registry, or a setting) is damaged; nothing was written."
        )


def other_bytes(address: str, source: bytes | Path) -> CacheFileError:
    """The error for a source that has other bytes than announced."""
    what = "the bytes" if isinstance(source, bytes) else str(source)
    return CacheFileError(
        f"{address} was not written: {what} changed after its sha256 was taken, or cannot be read "
        "as it was. Make sure that nothing else writes there, and run again."
    )


class DataFile(NamedTuple):
    """A data file of a published table, as the registry has it.

    Attributes:
        address: Its address.
        size: Number of bytes, if that is known.
        sha256: Content hash, if that is known.
    """

    address: str
    size: int | None = None
    sha256: str | None = None

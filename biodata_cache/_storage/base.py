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

import hashlib
import os
import re
import secrets
import shutil
import threading
from collections.abc import Hashable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from biodata_cache._core.errors import (
    AccessError,
    CacheFileError,
    LockedError,
    SettingsError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    import duckdb


LEASE_SECONDS = 180.0
_STAGING = ".publish-"


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


class Listed(NamedTuple):
    """What a listing says about one path.

    Attributes:
        size: Number of bytes.
        tag: Changes whenever the content does; empty where listing does not tell.
    """

    size: int
    tag: str


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


class Tagged(NamedTuple):
    """Content with the tag that it had.

    Attributes:
        content: The bytes.
        tag: Names this content, for `Store.replace`.
    """

    content: bytes
    tag: str


@dataclass(frozen=True)
class Content:
    """What is to be at a path.

    Attributes:
        size: Number of bytes.
        sha256: Content hash.
        source: The bytes, the local file that has them, or a path of the same store.
    """

    size: int
    sha256: str
    source: bytes | Path | str

    @classmethod
    def of(cls, data: bytes) -> Content:
        """Content that is at hand."""
        return cls(len(data), hashlib.sha256(data).hexdigest(), data)


class Store(Protocol):
    """A place where a cache is published."""

    @property
    def threads(self) -> int:
        """How many paths are best written at once."""

    def address(self, path: str = "") -> str:
        """What to call a path in the registry, in messages, and to DuckDB."""

    def places(self, files: Sequence[DataFile], *, is_whole: bool = False) -> list[str]:
        """Where to read these files: at their addresses, or in copies on this machine.

        Args:
            files: Data files.
            is_whole: Whether all of their content is needed.
        """

    def engine(self, places: Sequence[str]) -> duckdb.DuckDBPyConnection:
        """A connection of its own that reads these places, to read and to close."""

    def separate_engine(self, places: Sequence[str]) -> duckdb.DuckDBPyConnection:
        """The same, to a database that nothing else uses."""

    def tags(self, places: Sequence[str]) -> list[object]:
        """What changes whenever the content at these places does."""

    def read(self, path: str) -> bytes | None:
        """Content of a path; None if there is none."""

    def tagged(self, path: str) -> Tagged | None:
        """Content of a path with its tag; None if there is none."""

    def exists(self, path: str) -> bool:
        """Whether there is content; true where asking costs as much as reading."""

    def listing(self, prefix: str) -> dict[str, Listed]:
        """Every path that begins with this text."""

    def folders(self, prefix: str) -> list[str]:
        """Names of the folders right below a folder, sorted."""

    def holds(self, path: str, listed: Listed, content: Content) -> bool:
        """Whether a path, as listed, has this content already."""

    def sha256(self, path: str) -> str | None:
        """Content hash of a path; None if there is nothing, or nobody wrote it down."""

    def write(self, path: str, content: Content) -> None:
        """Put content in its place."""

    def replace(self, path: str, data: bytes, tag: str | None) -> bool:
        """Put content in place of what has this tag, None for nothing; false if it changed."""

    def keep(self, path: str, target: str) -> None:
        """Have the content of one path under another, too."""

    def remove(self, paths: Iterable[str]) -> None:
        """Remove paths; those that are not there do not count."""

    def sweep(self, prefix: str) -> None:
        """Remove the unfinished writes of a publisher that was killed; needs its lock."""

    def lock(self, name: str, lease: float = LEASE_SECONDS) -> AbstractContextManager[Lock]:
        """Keep other publishers of the same name out.

        Raises:
            LockedError: Another one is at work.
        """


class Lock(Protocol):
    """A lock that is held."""

    def check(self) -> None:
        """Make sure that the lock is still held.

        Raises:
            LockedError: It is not: another publisher may be at work.
        """


_making = threading.Lock()


def local_engine() -> duckdb.DuckDBPyConnection:
    """A connection to the one database of this process: a database takes longer to make."""
    with _making:
        return _database(os.getpid()).cursor()


def separate_local_engine() -> duckdb.DuckDBPyConnection:
    """A database of its own."""
    import duckdb  # noqa: PLC0415  # not before it is needed

    return duckdb.connect()


@lru_cache(maxsize=8)
def _database(process: int) -> duckdb.DuckDBPyConnection:  # noqa: ARG001  # none survives a fork
    """The database in which files are read; nothing is kept in it."""
    import duckdb  # noqa: PLC0415  # not before it is needed

    # It would grow with all that is ever read; the file system remembers as well.
    return duckdb.connect(config={"enable_external_file_cache": "false"})


@dataclass(frozen=True)
class LocalStore:
    """A folder; writes go to a file beside and are moved in whole."""

    home: Path
    threads: int = 2

    def address(self, path: str = "") -> str:
        """Path in the file system."""
        return str(self.home / path)

    def places(self, files: Sequence[DataFile], *, is_whole: bool = False) -> list[str]:  # noqa: ARG002
        """Where they are."""
        return [file.address for file in files]

    def engine(self, places: Sequence[str]) -> duckdb.DuckDBPyConnection:  # noqa: ARG002
        """A connection to the one database of this process."""
        return local_engine()

    def separate_engine(self, places: Sequence[str]) -> duckdb.DuckDBPyConnection:  # noqa: ARG002
        """A database of its own."""
        return separate_local_engine()

    def tags(self, places: Sequence[str]) -> list[object]:
        """What the file system says about the files."""
        return [identity(place) for place in places]

    def read(self, path: str) -> bytes | None:
        """Content of a file."""
        with self._errors(path, "read"):
            try:
                return (self.home / path).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None

    def tagged(self, path: str) -> Tagged | None:
        """Content of a file, with its hash for a tag."""
        content = self.read(path)
        return None if content is None else Tagged(content, hashlib.sha256(content).hexdigest())

    def exists(self, path: str) -> bool:
        """Whether it is a file."""
        return (self.home / path).is_file()

    def listing(self, prefix: str) -> dict[str, Listed]:
        """Every file below a folder."""
        with self._errors(prefix, "listed"):
            return {
                path.relative_to(self.home).as_posix(): Listed(path.stat().st_size, "")
                for path in (self.home / prefix).rglob("*")
                if path.is_file()
            }

    def folders(self, prefix: str) -> list[str]:
        """Folders right below."""
        folder = self.home / prefix
        with self._errors(prefix, "listed"):
            if not folder.is_dir():
                return []
            return sorted(path.name for path in folder.iterdir() if path.is_dir())

    def holds(self, path: str, listed: Listed, content: Content) -> bool:
        """By size, then by hash."""
        return listed.size == content.size and self.sha256(path) == content.sha256

    def sha256(self, path: str) -> str | None:
        """Hash of the file as it is."""
        try:
            return sha256_of(self.home / path)
        except FileNotFoundError:
            return None

    def write(self, path: str, content: Content) -> None:
        """Write beside, then move."""
        source = content.source
        if isinstance(source, bytes):
            self._move_in(path, lambda unfinished: unfinished.write_bytes(source))
        else:
            self._move_in(path, lambda unfinished: shutil.copyfile(self.home / source, unfinished))

    def replace(self, path: str, data: bytes, tag: str | None) -> bool:
        """Compare, then write: publishers of one root are kept apart by a lock."""
        found = self.tagged(path)
        if (None if found is None else found.tag) != tag:
            return False
        self.write(path, Content.of(data))
        return True

    def keep(self, path: str, target: str) -> None:
        """A second name for the file where the file system has such, else a copy.

        Files are replaced, never written into: what is kept under the second name stays as it is.
        """

        def link(unfinished: Path) -> None:
            try:
                os.link(self.home / path, unfinished)
            except OSError:
                shutil.copyfile(self.home / path, unfinished)

        self._move_in(target, link)

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files, and the folders that they leave empty."""
        for path in paths:
            file = self.home / path
            with self._errors(path, "removed"):
                file.unlink(missing_ok=True)
                for folder in list(file.parents)[: len(Path(path).parts) - 2]:
                    if not folder.is_dir() or any(folder.iterdir()):
                        break
                    folder.rmdir()

    def sweep(self, prefix: str) -> None:  # noqa: ARG002  # the lock is one for the whole root
        """Remove the files that never were moved in."""
        for folder in self.home.glob(f"{_STAGING}*"):
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def lock(self, name: str, lease: float = LEASE_SECONDS) -> Iterator[Lock]:  # noqa: ARG002
        """One lock for the whole root, which dies with the process that holds it."""
        from filelock import FileLock, Timeout  # noqa: PLC0415  # needs the extra `sync`

        try:
            self.home.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.home / ".publish.lock", timeout=0)
            lock.acquire()
        except Timeout:
            raise LockedError(
                f"Another publish to {self.home} is at work: wait until it has ended."
            ) from None
        except OSError as error:
            raise SettingsError(
                f"The root cannot be written: {error.strerror or error} ({self.home}). "
                "Give a folder that you may write as --root."
            ) from None
        try:
            yield _Held()
        finally:
            lock.release()

    def _move_in(self, path: str, fill: Callable[[Path], object]) -> None:
        target = self.home / path
        with self._errors(path, "written"):
            # Of a custom table nobody holds a lock, so that sweeping must not take it.
            kind = ".custom-" if path.startswith("custom/") else _STAGING
            staging = self.home / f"{kind}{secrets.token_hex(8)}"
            staging.mkdir(parents=True)
            unfinished = staging / target.name
            try:
                fill(unfinished)
                target.parent.mkdir(parents=True, exist_ok=True)
                unfinished.replace(target)
            finally:
                shutil.rmtree(staging, ignore_errors=True)

    @contextmanager
    def _errors(self, path: str, what: str) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            raise AccessError(
                f"{self.home / path} may not be {what}: change its rights, or name another folder "
                "in BIODATA_CACHE_ROOT."
            ) from error
        except OSError as error:
            raise CacheFileError(
                f"{self.home / path} cannot be {what} ({error.strerror or error})."
            ) from error


@dataclass(frozen=True)
class _Held:
    """A lock of the operating system: nobody takes it away."""

    def check(self) -> None:
        """It is held."""


def identity(address: str | Path) -> object:
    """What tells a file from the one that replaces it."""
    try:
        found = Path(address).stat()
    except OSError:
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_size)


def sha256_of(path: Path) -> str:
    """Content hash of a file."""
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()

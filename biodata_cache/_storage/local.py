"""A folder as a storage: files are written beside and moved in whole, and no link is followed."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from biodata_cache._core.errors import (
    AccessError,
    CacheError,
    CacheFileError,
    LockedError,
    SettingsError,
)
from biodata_cache._storage.base import LEASE_SECONDS, Got, Stat, checked_path, is_path, other_bytes
from biodata_cache._storage.common import ComparesFirst, CopiesOut, Opened, copied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from biodata_cache._storage.base import Names

_UNFINISHED = ".unfinished-"
_UNFINISHED_ONCE = ".publish-*"  # of older versions
_ALONE_SECONDS = 60.0
_MOVE_ATTEMPTS = 3
_LONGEST_NAME_BYTES = 255


@dataclass(frozen=True)
class LocalStorage(CopiesOut, ComparesFirst):
    """A folder below a root.

    Attributes:
        root: The folder that was named, which may be a link; below it no link is followed.
        prefix: Path of the storage below the root.
        threads: How many files are best written at once.
        is_foreign: Whether others write it, so that links below the root are followed.
    """

    root: Path
    prefix: str = ""
    threads: int = 2
    is_foreign: bool = False

    @property
    def home(self) -> Path:
        """The folder of the storage."""
        return self.root / self.prefix

    def address(self, path: str = "") -> str:
        """Path in the file system."""
        return str(self.home / path)

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
        """Read a file."""
        with self._errors(path), self._opened(path, only) as content:
            if content is None or (unless is not None and unless.tag == content.tag):
                return unless if content is not None else None
            return Got(content.source.read(-1 if first is None else first), *content[1:3])

    def stat(self, path: str) -> Stat | None:
        """What the file system says of a file."""
        with self._errors(path):
            place = self._place(path)
            if place is None or not place.is_file():
                return None
            status = place.stat()
            return Stat(status.st_size, _tag(status))

    def list(self, prefix: str) -> Iterator[tuple[str, Stat]]:
        """Every file whose path begins with a text; links to files are no files."""
        parent = prefix.rpartition("/")[0]
        found = {}
        with self._errors(parent, "listed"):
            folder = self._folder(parent)
            for file in () if folder is None else self._files(folder):
                path = _text(file.relative_to(self.home))
                if path.startswith(prefix) and (self.is_foreign or not file.is_symlink()):
                    with suppress(FileNotFoundError):  # removed meanwhile
                        status = file.stat()
                        found[path] = Stat(status.st_size, _tag(status))
        yield from sorted(found.items())

    def folders(self, prefix: str) -> Names:
        """Folders right below that hold a file."""
        with self._errors(prefix, "listed"):
            folder = self._folder(prefix.rstrip("/"))
            if folder is None or not folder.is_dir():
                return []
            return sorted(
                child.name
                for child in folder.iterdir()
                if child.is_dir() and next(self._files(child), None) is not None
            )

    def holds(self, path: str, stat: Stat, source: bytes | Path, sha256: str) -> bool:
        """By size, then by hash."""
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        return stat.size == size and self.sha256(path) == sha256

    def put(self, path: str, source: bytes | Path, sha256: str) -> str:
        """Write beside, and move in what has the right hash."""

        def fill(unfinished: Path) -> None:
            if isinstance(source, bytes):
                unfinished.write_bytes(source)
                found = hashlib.sha256(source).hexdigest()
            else:
                with source.open("rb") as file, unfinished.open("wb") as target:
                    found = copied(file, target)
            if found != sha256:
                raise other_bytes(self.address(path), source)

        return self._move_in(path, fill)

    def copy(self, path: str, target: str) -> None:
        """Give the file a second name where the file system can, else copy it.

        Files are replaced, never written into: what has a second name stays as it is.
        """
        with self._errors(path):
            source = self._place(path)
        if source is None:
            raise CacheFileError(f"{self.address(path)} cannot be read (no such file).")

        def fill(unfinished: Path) -> None:
            try:
                os.link(source, unfinished)
            except FileNotFoundError:
                raise
            except OSError:
                shutil.copyfile(source, unfinished)

        self._move_in(target, fill)

    def delete(self, paths: Iterable[str]) -> None:
        """Remove files, and the folders that they leave empty."""
        for path in paths:
            with self._errors(path, "removed"):
                file = self._place(path, is_written=True)
                if file is None:
                    continue
                with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
                    file.unlink()
                for folder in list(file.parents)[: path.count("/")]:
                    try:
                        folder.rmdir()
                    except OSError:  # noqa: PERF203  # there is something in it
                        break

    def sweep(self, prefix: str) -> None:
        """Remove the files that never were moved in."""
        top = prefix.partition("/")[0] or "*"
        for pattern in (f"{_UNFINISHED}{top}-*", _UNFINISHED_ONCE):
            for folder in self.home.glob(pattern):
                shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def lease(
        self,
        path: str,
        seconds: float = LEASE_SECONDS,  # noqa: ARG002  # it does not outlive its holder
        stage: str = "publish",
    ) -> Iterator[HeldLock]:
        """A lock of the operating system, which ends with the process that holds it."""
        from filelock import FileLock, Timeout  # noqa: PLC0415  # needs the extra `sync`

        try:
            file = self._target(path)
            file.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(file, timeout=0)
            lock.acquire()
        except Timeout:
            raise LockedError(
                f"Another {stage} to {self.home} is at work: wait until it has ended."
            ) from None
        except OSError as error:
            if isinstance(error, CacheError):
                raise
            raise SettingsError(
                f"The root cannot be written: {error.strerror or error} ({self.home}). "
                "Give a folder that you may write as --root."
            ) from None
        try:
            yield HeldLock()
        finally:
            lock.release()

    def _place(self, path: str, *, is_written: bool = False) -> Path | None:
        """Where a file is; None where no file can be.

        Raises:
            AccessError: If it lies in a folder that is a link, or is to be read and is one.
        """
        parent, _, name = path.rpartition("/")
        folder = self._folder(parent) if is_path(path) else None
        if folder is None or len(os.fsencode(name)) > _LONGEST_NAME_BYTES:
            return None
        place = folder / name
        if not is_written and not self.is_foreign and place.is_symlink():
            raise AccessError(
                f"{place} is a link, and is not followed: put the file itself in its place, or "
                "publish again."
            )
        return place

    def _target(self, path: str) -> Path:
        """Where a file is to be written.

        Raises:
            AccessError: If it lies in a folder that is a link.
            CacheFileError: If the path is none.
        """
        checked_path(path, self.address())
        return self._place(path, is_written=True) or self.home / path

    def _folder(self, path: str) -> Path | None:
        """A folder, none of whose parents below the root is a link; None where none can be.

        Raises:
            AccessError: If one is.
        """
        if path and not is_path(path):
            return None
        place = self.root
        for part in [*Path(self.prefix).parts, *Path(path).parts]:
            place = place / part
            if not self.is_foreign and place.is_symlink():
                raise AccessError(
                    f"{place} is a link, and is not followed: nothing below {self.root} may lead "
                    "elsewhere. Put a folder in its place, or name what it leads to as the root."
                )
        return place

    def _files(self, folder: Path) -> Iterator[Path]:
        """Every file below a folder that is neither unfinished nor a lock."""

        def fail(error: OSError) -> None:
            if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
                raise error

        for parent, folders, names in os.walk(folder, onerror=fail, followlinks=self.is_foreign):
            if not self.is_foreign:
                for linked in filter(Path.is_symlink, (Path(parent, name) for name in folders)):
                    self._folder(_text(linked.relative_to(self.home)))  # says so
            folders[:] = [name for name in folders if not name.startswith(_UNFINISHED)]
            yield from (Path(parent, name) for name in names if not _is_lock(name))

    @contextmanager
    def _opened(self, path: str, only: str | None = None) -> Iterator[Opened | None]:
        place = self._place(path)
        try:
            file = None if place is None else place.open("rb")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            file = None
        if file is None:
            yield None
            return
        with file:
            status = os.fstat(file.fileno())
            age = max(0.0, time.time() - status.st_mtime)
            tag = _tag(status)
            yield Opened(file, tag, age) if only in {None, tag} else None

    def _move_in(self, path: str, fill: Callable[[Path], None]) -> str:
        with self._errors(path, "written"):
            target = self._target(path)
            top = path.partition("/")[0]
            staging = self.home / f"{_UNFINISHED}{top}-{secrets.token_hex(8)}"
            staging.mkdir(parents=True)
            unfinished = staging / target.name
            try:
                fill(unfinished)
                tag = _tag(unfinished.stat())
                for attempt in range(_MOVE_ATTEMPTS):
                    target.parent.mkdir(parents=True, exist_ok=True)
                    try:
                        unfinished.replace(target)
                        break
                    except FileNotFoundError:  # somebody removed the folder, because it was empty
                        if attempt == _MOVE_ATTEMPTS - 1:
                            raise
                return tag
            finally:
                shutil.rmtree(staging, ignore_errors=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other conditional writes out for as long as one takes."""
        from filelock import FileLock, Timeout  # noqa: PLC0415  # needs the extra `sync`

        with self._errors("", "written"):
            lock = self._target(".write.lock")
            lock.parent.mkdir(parents=True, exist_ok=True)
            try:
                with FileLock(lock, timeout=_ALONE_SECONDS):
                    yield
            except Timeout:
                raise LockedError(
                    f"{self.home} has been kept by another process that writes for "
                    f"{_ALONE_SECONDS:.0f} s: end it, if it hangs, and run again."
                ) from None

    @contextmanager
    def _errors(self, path: str, what: str = "read") -> Iterator[None]:
        try:
            yield
        except CacheError:
            raise
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
class HeldLock:
    """A lock of the operating system: nobody takes it away."""

    def check(self) -> None:
        """Nothing to do: it is held."""


def _tag(status: os.stat_result) -> str:
    return f"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"


def _is_lock(name: str) -> bool:
    return name.startswith(".") and name.endswith(".lock")


def _text(path: Path) -> str:
    """A path as text; bytes of a name that are no text become question marks."""
    return os.fsencode(path.as_posix()).decode("utf-8", "replace")

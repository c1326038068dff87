"""A local folder as a storage: files are replaced atomically, and symbolic links not followed."""

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
from biodata_cache._core.messages import NO_ROOM
from biodata_cache._storage.base import (
    LEASE_SECONDS,
    Stat,
    check_path,
    content_mismatch,
    is_valid_path,
)
from biodata_cache._storage.common import (
    LockedConditionalWrites,
    OpenContent,
    StreamedReads,
    copy_and_hash,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from biodata_cache._storage.base import Names

_UNFINISHED = ".unfinished-"
_LOCK_TIMEOUT_SECONDS = 60.0
_REPLACE_ATTEMPTS = 3
_LONGEST_NAME_BYTES = 255


@dataclass(frozen=True)
class LocalStorage(StreamedReads, LockedConditionalWrites):
    """A folder below a root.

    Attributes:
        root: The root folder; it may be a link itself, but no link below it is followed.
        prefix: Path of the storage below the root.
        threads: Number of files to write in parallel.
        is_foreign: Whether others manage the folder, so that links below the root are followed.
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

    def stat(self, path: str) -> Stat | None:
        """Size and tag of a file."""
        with self._errors(path):
            location = self._locate(path)
            if location is None or not location.is_file():
                return None
            status = location.stat()
            return Stat(status.st_size, _tag(status))

    def list(self, prefix: str) -> Iterator[tuple[str, Stat]]:
        """Every file whose path begins with the prefix; skips symbolic links."""
        parent = prefix.rpartition("/")[0]
        stats = {}
        with self._errors(parent, "listed"):
            folder = self._folder(parent)
            for path, file in () if folder is None else self._files(parent, folder):
                if path.startswith(prefix) and (self.is_foreign or not file.is_symlink()):
                    with suppress(FileNotFoundError):  # it was removed in the meantime
                        status = os.stat(file)  # noqa: PTH116  # a path for each costs more
                        stats[path] = Stat(status.st_size, _tag(status))
        yield from sorted(stats.items())

    def folders(self, prefix: str) -> Names:
        """Names of the folders right below that contain a file at any depth."""
        with self._errors(prefix, "listed"):
            parent = prefix.rstrip("/")
            folder = self._folder(parent)
            if folder is None or not folder.is_dir():
                return []
            return sorted(
                child.name
                for child in folder.iterdir()
                if child.is_dir() and next(self._files(_below(parent, child.name), child), None)
            )

    def holds(self, path: str, stat: Stat, source: bytes | Path, sha256: str) -> bool:
        """Compare the size, then the hash."""
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        return stat.size == size and self.sha256(path) == sha256

    def put(self, path: str, source: bytes | Path, sha256: str) -> str:
        """Write a temporary file, verify its hash and rename it."""

        def fill(unfinished: Path) -> None:
            if isinstance(source, bytes):
                unfinished.write_bytes(source)
                actual = hashlib.sha256(source).hexdigest()
            else:
                with source.open("rb") as file, unfinished.open("wb") as target:
                    actual = copy_and_hash(file, target)
            if actual != sha256:
                raise content_mismatch(self.address(path), source)

        return self._replace_atomically(path, fill)

    def copy(self, path: str, target: str) -> str:
        """Make a hard link where the file system can, else a copy.

        Hard links are safe, as a file is only ever replaced and never modified in place.
        """
        with self._errors(path):
            source = self._locate(path)
        if source is None:
            raise CacheFileError(f"{self.address(path)} cannot be read (no such file).")

        def fill(unfinished: Path) -> None:
            try:
                os.link(source, unfinished)
            except FileNotFoundError:
                raise
            except OSError:
                shutil.copyfile(source, unfinished)

        return self._replace_atomically(target, fill)

    def delete(self, paths: Iterable[str]) -> None:
        """Delete files, and then the folders that have become empty."""
        for path in paths:
            with self._errors(path, "removed"):
                file = self._locate(path, is_written=True)
                if file is None:
                    continue
                with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
                    file.unlink()
                for folder in list(file.parents)[: path.count("/")]:
                    try:
                        folder.rmdir()
                    except OSError:  # noqa: PERF203  # it is not empty
                        break

    def sweep(self, prefix: str) -> None:
        """Remove the temporary folders of interrupted writes."""
        top = prefix.partition("/")[0] or "*"
        for folder in self.home.glob(f"{_UNFINISHED}{top}-*"):
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

    def _locate(self, path: str, *, is_written: bool = False) -> Path | None:
        """Where a file is; None where no file can be.

        Raises:
            AccessError: If it lies in a folder that is a link, or is to be read and is one.
        """
        parent, _, name = path.rpartition("/")
        folder = self._folder(parent) if is_valid_path(path) else None
        if folder is None or len(os.fsencode(name)) > _LONGEST_NAME_BYTES:
            return None
        location = folder / name
        if not is_written and not self.is_foreign and location.is_symlink():
            raise AccessError(
                f"{location} is a link, and is not followed: put the file itself in its place, or "
                "publish again."
            )
        return location

    def _target(self, path: str) -> Path:
        """Location of a file that is about to be written."""
        check_path(path, self.address())
        return self._locate(path, is_written=True) or self.home / path

    def _folder(self, path: str) -> Path | None:
        """Location of a folder; None if the path is invalid.

        Raises:
            AccessError: If it, or one of its parents below the root, is a link.
        """
        if path and not is_valid_path(path):
            return None
        location = self.root
        for part in [*Path(self.prefix).parts, *Path(path).parts]:
            location = location / part
            if not self.is_foreign and location.is_symlink():
                raise AccessError(
                    f"{location} is a link, and is not followed: nothing below {self.root} may "
                    "lead elsewhere. Put a folder in its place, or name its target as the root."
                )
        return location

    def _files(self, path: str, folder: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
        """Path and entry of every file below a folder but temporary files and locks."""
        pending: list[tuple[str, Path | str]] = [(path, folder)]
        while pending:
            parent, location = pending.pop()
            try:
                with os.scandir(location) as entries:
                    children = list(entries)
            except (FileNotFoundError, NotADirectoryError):
                continue
            for child in children:
                below = _below(parent, child.name)
                if not child.is_dir():
                    if not _is_lock(child.name):
                        yield below, child
                    continue
                if not self.is_foreign and child.is_symlink():
                    self._folder(below)  # raises
                elif not child.name.startswith(_UNFINISHED):
                    pending.append((below, child.path))

    @contextmanager
    def _open_content(self, path: str, only: str | None = None) -> Iterator[OpenContent | None]:
        location = self._locate(path)
        try:
            file = None if location is None else location.open("rb")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            file = None
        if file is None:
            yield None
            return
        with file:
            status = os.fstat(file.fileno())
            age = max(0.0, time.time() - status.st_mtime)
            tag = _tag(status)
            yield OpenContent(file, tag, age) if only in {None, tag} else None

    def _replace_atomically(self, path: str, fill: Callable[[Path], None]) -> str:
        with self._errors(path, "written"):
            target = self._target(path)
            top = path.partition("/")[0]
            staging = self.home / f"{_UNFINISHED}{top}-{secrets.token_hex(8)}"
            staging.mkdir(parents=True)
            unfinished = staging / target.name
            try:
                fill(unfinished)
                tag = _tag(unfinished.stat())
                for attempt in range(_REPLACE_ATTEMPTS):
                    target.parent.mkdir(parents=True, exist_ok=True)
                    try:
                        unfinished.replace(target)
                        break
                    except FileNotFoundError:  # another process removed the empty folder
                        if attempt == _REPLACE_ATTEMPTS - 1:
                            raise
                return tag
            finally:
                shutil.rmtree(staging, ignore_errors=True)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Lock out other conditional writes, also of other processes."""
        from filelock import FileLock, Timeout  # noqa: PLC0415  # needs the extra `sync`

        with self._errors("", "written"):
            lock = self._target(".write.lock")
            lock.parent.mkdir(parents=True, exist_ok=True)
            try:
                with FileLock(lock, timeout=_LOCK_TIMEOUT_SECONDS):
                    yield
            except Timeout:
                raise LockedError(
                    f"{self.home} has been locked by another process for "
                    f"{_LOCK_TIMEOUT_SECONDS:.0f} s: end that process if it hangs, and run again."
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
            # What is read is also copied, and the disk that is full is that of the copy.
            is_full = error.errno in NO_ROOM
            done = "copied" if is_full and what == "read" else what
            raise CacheFileError(
                f"{self.home / path} cannot be {done} ({error.strerror or error})"
                f"{': make room, and try again' if is_full else ''}."
            ) from error


@dataclass(frozen=True)
class HeldLock:
    """A lock of the operating system, which is held until it is released."""

    def check(self) -> None:
        """Does nothing: the lock cannot be lost."""


def _tag(status: os.stat_result) -> str:
    return f"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"


def _is_lock(name: str) -> bool:
    return name.startswith(".") and name.endswith(".lock")


def _below(path: str, name: str) -> str:
    """Path of a file or folder; bytes of its name that are not UTF-8 become replacements."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return f"{path}/{text}" if path else text

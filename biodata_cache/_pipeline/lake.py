"""The raw lake as a local folder, or on S3 with a local copy.

The files of a lake are whole when they appear and most never change, so that a copy is exact and
cheap to keep. The bucket is the truth: before anything reads or extends the lake, the copy becomes
what the bucket holds. While an extract runs, each finished file goes into the bucket at once, and
what the extract removes leaves the bucket only after all that replaces it is there. So the bucket
holds a lake that any machine can read or continue, whenever this one stops.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from biodata_cache._core.errors import BuildError, CacheError, LakeError, LockedError, SettingsError
from biodata_cache._core.foreign import NotJsonError
from biodata_cache._core.typed import typed_json
from biodata_cache._storage.base import LEASE_SECONDS
from biodata_cache._storage.common import atomic_write, sha256_of
from biodata_cache._storage.open import open_lake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata_cache._core.settings.values import Settings
    from biodata_cache._storage.base import Lease, Stat, Storage

Progress = Callable[[int, int], None]
"""Receives the number of files that were copied, and of all that are to be copied."""

RECORDS = "docdb_v2"
_LOCK = ".lock.json"
_KNOWN = ".copy.json"
# Files of a lake; hidden ones are unfinished, or locks.
_FILE = re.compile(r"([^./][^/]*/){1,2}[^./][^/]*\.(parquet|json)")
_ROUNDS = 20


class _File(NamedTuple):
    """A file of the copy that equals an object of the bucket.

    Attributes:
        tag: ETag of the object.
        size: Bytes of the file.
        changed_ns: Modification time of the file in ns.
    """

    tag: str
    size: int
    changed_ns: int


class HeldLake:
    """A raw lake that is held to be extended.

    Attributes:
        folder: Where its files are on this machine.
    """

    def __init__(self, folder: Path) -> None:
        """A lake that is a folder."""
        self.folder = folder

    def save(self) -> None:
        """Upload finished files to the bucket; a local lake needs no upload."""


@contextmanager
def writing(
    settings: Settings, progress: Progress | None = None, lease: float = LEASE_SECONDS
) -> Iterator[HeldLake]:
    """Hold the lake that the settings name, and extend it.

    Args:
        settings: Where the lake and the work folder are.
        progress: Receives progress of the copying.
        lease: Seconds after which the lock of a writer that was killed ends.

    Raises:
        CacheError: If the lake cannot be copied to this machine.
        LockedError: If another process is writing it.
    """
    if not is_remote(settings):
        yield HeldLake(local_folder(settings))
        return
    copy = _Copy(settings)
    with copy.held(), copy.locked(lease):
        copy.pull(progress)
        try:
            yield copy
        except BaseException:
            with suppress(CacheError):  # report the first failure
                copy.save()
            raise
        copy.save()


@contextmanager
def reading(
    settings: Settings, progress: Progress | None = None, storage: Storage | None = None
) -> Iterator[Path]:
    """The folder of the lake that the settings name; a copy does not change meanwhile.

    Args:
        settings: Where the lake and the work folder are.
        progress: Receives progress of the copying.
        storage: The storage of a lake on S3; by default the one that the settings name.

    Raises:
        CacheError: If the lake cannot be copied to this machine.
        LockedError: If another process is using the copy.
    """
    if not is_remote(settings):
        yield local_folder(settings)
        return
    copy = _Copy(settings, storage)
    with copy.held():
        copy.pull(progress)
        yield copy.folder


def is_remote(settings: Settings) -> bool:
    """Whether the lake is on S3.

    Raises:
        SettingsError: If the address is neither on S3 nor a local folder.
    """
    if settings.raw.startswith("s3://"):
        return True
    if "://" in settings.raw:
        raise SettingsError(
            f"The raw lake {settings.raw!r} is neither a folder nor on S3: give a folder or "
            "s3://bucket/prefix as --raw."
        )
    return False


def local_folder(settings: Settings) -> Path:
    """The folder on this machine that is the lake, or its copy."""
    if not is_remote(settings):
        return Path(settings.raw)
    address = settings.raw.rstrip("/")
    readable = re.sub(r"[^A-Za-z0-9._]+", "-", address.removeprefix("s3://"))[:60]
    return (
        settings.work / "lakes" / f"{readable}-{hashlib.sha256(address.encode()).hexdigest()[:8]}"
    )


def check_filled(address: str, folder: Path) -> None:
    """Check that the lake has records to build from.

    Raises:
        BuildError: If the lake holds no records.
    """
    try:
        is_filled = any(folder.joinpath(RECORDS).glob("*.parquet"))
    except OSError as error:
        raise BuildError(
            f"The raw lake {address} cannot be read ({error.strerror or error}): name another "
            "with --raw."
        ) from None
    if not is_filled:
        raise BuildError(
            f"The raw lake {address} holds no records: run 'biodata-cache extract' first, or name "
            "the lake with --raw."
        )


def _rank(path: str) -> tuple[bool, bool, str]:
    """Upload order: files before the list that names them, the list of records last of all.

    Notes about documents come before the documents, and so does where they were read.
    """
    is_list = path.endswith("/files.json")
    return is_list, path.startswith(("docdb_v1/", "docdb_v2/")), path


class _Copy(HeldLake):
    """A lake on S3 and its copy on this machine."""

    def __init__(self, settings: Settings, storage: Storage | None = None) -> None:
        super().__init__(local_folder(settings))
        self._storage = storage or open_lake(settings.raw, settings.requests)
        self._lease: Lease | None = None
        self._is_broken = False
        self._files: dict[str, _File] = {}

    @contextmanager
    def held(self) -> Iterator[None]:
        """Lock the copy against other processes of this machine.

        Raises:
            LakeError: If the work folder cannot be written.
            LockedError: If another process is using the copy.
        """
        from filelock import FileLock, Timeout  # noqa: PLC0415  # needs the extra `sync`

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / ".copy.lock", timeout=0)
            lock.acquire()
        except Timeout:
            raise LockedError(
                f"Another extract or build is at work with {self.folder}, the copy of "
                f"{self._storage.address()}: wait until it has ended, or give this one a folder of "
                "its own with --work."
            ) from None
        except OSError as error:
            raise self._unusable(error) from None
        try:
            self._files = self._remembered()
            yield
        finally:
            lock.release()

    @contextmanager
    def locked(self, lease: float) -> Iterator[None]:
        """Lock the lake against writers of other machines."""
        with self._storage.lease(_LOCK, lease, "extract") as held:
            self._lease = held
            self._storage.sweep("")
            yield

    def pull(self, progress: Progress | None) -> None:
        """Update the copy to the content of the bucket.

        Another machine may be writing. It adds new files before it removes those that they replace,
        so a listing is a consistent lake if all of its files still exist after they were copied.

        Raises:
            CacheError: If the bucket cannot be read, or the copy cannot be written.
        """
        with self._errors():
            for unfinished in self.folder.rglob(".*.tmp"):  # of a process that was killed
                unfinished.unlink()
        listed = self._listing()
        for _ in range(_ROUNDS):
            is_whole = self._fetch(listed, progress)
            now = self._listing()
            if is_whole and listed.items() <= now.items():
                break
            listed = now
        else:
            raise LakeError(
                f"The lake {self._storage.address()} changes faster than it can be copied: wait "
                "until the extract that is at work has ended."
            )
        with self._errors():
            for path in self._local().keys() - listed.keys():
                (self.folder / path).unlink()
            self._files = {path: self._files[path] for path in listed}
            self._remember()

    def save(self) -> None:
        """Upload finished files, then delete objects whose files were removed.

        Raises:
            CacheError: If the bucket cannot be written; it stays consistent.
            LockedError: If the lease was lost, so that another machine may be writing.
        """
        if self._is_broken:
            return
        try:
            with self._errors():
                self._save()
        except CacheError:
            self._is_broken = True  # and would be again, after as many attempts
            raise

    def _save(self) -> None:
        local = self._local()
        changed = [
            path for path, measured in local.items() if measured != self._size_and_time(path)
        ]
        gone = sorted(self._files.keys() - local.keys())
        if (changed or gone) and not (self.folder / _KNOWN).exists():
            # What was written since does not know what was there before.
            raise LakeError(
                f"The copy {self.folder} of the lake {self._storage.address()} has gone, so "
                "nothing more was written or removed there: run again."
            )
        for path in sorted(changed, key=_rank):
            self._check()
            file = self.folder / path
            tag = self._storage.put(path, file, sha256_of(file))
            self._files[path] = _File(tag, *local[path])
        for path in gone:  # the oldest first, or what they hide would show through
            self._check()
            self._storage.delete([path])
            del self._files[path]
        if changed or gone:
            self._remember()

    def _check(self) -> None:
        if self._lease is not None:
            self._lease.check()

    def _listing(self) -> dict[str, Stat]:
        return {path: stat for path, stat in self._storage.list("") if _FILE.fullmatch(path)}

    def _local(self) -> dict[str, tuple[int, int]]:
        """Size and modification time of the finished files, by path."""
        files = {}
        for path in self.folder.rglob("*.*"):
            name = path.relative_to(self.folder).as_posix()
            if _FILE.fullmatch(name):
                stat = path.stat()
                files[name] = (stat.st_size, stat.st_mtime_ns)
        return files

    def _size_and_time(self, path: str) -> tuple[int, int] | None:
        """Size and time of a file when it was what the bucket has."""
        known = self._files.get(path)
        return None if known is None else (known.size, known.changed_ns)

    def _fetch(self, listed: dict[str, Stat], progress: Progress | None) -> bool:
        """Copy the files that differ; false if one was no longer there."""
        with self._errors():
            local = self._local()
            missing = {
                path: object_
                for path, object_ in listed.items()
                if not self._is_copied(path, object_, local.get(path))
            }
        is_whole = True
        with ThreadPoolExecutor(self._storage.threads, thread_name_prefix="lake") as threads:
            try:
                copied = threads.map(lambda item: self._copy(*item), missing.items())
                for done, was_there in enumerate(copied, start=1):
                    is_whole &= was_there
                    if progress is not None:
                        progress(done, len(missing))
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                raise
        return is_whole

    def _is_copied(self, path: str, listed: Stat, local: tuple[int, int] | None) -> bool:
        if local is None or local[0] != listed.size:
            return False
        known = self._files.get(path)
        if known == (listed.tag, *local):
            return True
        # A killed run did not record what it had copied.
        file = self.folder / path
        if not self._storage.holds(path, listed, file, sha256_of(file)):
            return False
        self._files[path] = _File(listed.tag, *local)
        return True

    def _copy(self, path: str, listed: Stat) -> bool:
        """Copy one object; false if it was removed or replaced since it was listed."""
        target = self.folder / path
        with self._errors():
            if not self._storage.download(path, target, only=listed.tag):
                return False
            stat = target.stat()
        self._files[path] = _File(listed.tag, stat.st_size, stat.st_mtime_ns)
        return True

    def _remembered(self) -> dict[str, _File]:
        """Known state of the copy; if it cannot be read, empty, and files are compared."""
        try:
            return typed_json((self.folder / _KNOWN).read_bytes(), dict[str, _File])
        except (OSError, NotJsonError):
            return {}

    def _remember(self) -> None:
        with atomic_write(self.folder / _KNOWN) as unfinished:
            unfinished.write_text(json.dumps(self._files), encoding="utf-8")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Our error for one of the file system."""
        try:
            yield
        except CacheError:
            raise
        except OSError as error:
            raise self._unusable(error) from None

    def _unusable(self, error: OSError) -> LakeError:
        return LakeError(
            f"The copy {self.folder} of the lake {self._storage.address()} cannot be used "
            f"({error.strerror or error}): make room, or name another folder with --work."
        )

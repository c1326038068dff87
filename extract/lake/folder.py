"""The folder of a lake and its list of files; all parquet files are read and written here.

The lake consists of the listed files. An unlisted file was left by a killed run or is foreign, and
is not read. A reader that holds a list holds a consistent lake: files
change neither their content nor their name, and the list is replaced in one step.

Whatever parquet, JSON or the file system raise becomes a `LakeError` with the path.
"""

from __future__ import annotations

import hashlib
import os
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from biodata_cache._core.errors import LakeError, LockedError
from biodata_cache._storage.common import sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

LIST = "files.json"
_UNFINISHED = ".tmp"
_THREADS = 2
_NAME = re.compile(r"\w[\w.-]*\.parquet", re.ASCII)


class ListedFile(msgspec.Struct, frozen=True):
    """A file of a lake.

    Attributes:
        sha256: Hash of its bytes, hexadecimal.
        buckets: First and last hash bucket of its records.
    """

    name: str
    sha256: str
    bytes: int
    rows: int
    run: int
    buckets: tuple[int, int]


class _List(msgspec.Struct):
    """The content of `files.json`; the hash is of `files` as they stand there."""

    sha256: str
    files: msgspec.Raw


class Folder:
    """A folder of finished files; unfinished ones have hidden names until they are whole.

    Args:
        path: The folder; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        """Touches nothing."""
        self.path = path

    def has_list(self) -> bool:
        """Whether there is a list of files."""
        return (self.path / LIST).exists()

    def listed(self) -> list[ListedFile]:
        """The files of the lake, in the order in which they were written.

        Raises:
            LakeError: If there is a list, and it cannot be read.
        """
        path = self.path / LIST
        with self._readable(path):
            try:
                content = msgspec.json.decode(path.read_bytes(), type=_List)
            except FileNotFoundError:
                return []
            if hashlib.sha256(bytes(content.files)).hexdigest() != content.sha256:
                raise _damaged(path, "its sha256 is another")
            files = msgspec.json.decode(content.files, type=list[ListedFile])
        unexpected = next((file.name for file in files if not _NAME.fullmatch(file.name)), None)
        if unexpected is not None:
            raise _damaged(path, f"it names {unexpected!r}")
        return files

    def commit(self, files: Iterable[ListedFile]) -> None:
        """Replace the list of files, in one step.

        Raises:
            LakeError: If the folder cannot be written.
        """
        lines = b",\n".join(msgspec.json.encode(file) for file in files)
        text = b"[\n" + lines + b"\n]"
        digest = hashlib.sha256(text).hexdigest()
        self.write_text(LIST, f'{{"sha256": "{digest}",\n"files": {text.decode()}}}\n')

    def damage(self, files: Iterable[ListedFile]) -> dict[str, str]:
        """How files are damaged, by name; sound ones are left out. Reads all of each."""
        listed = list(files)
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="sha256") as threads:
            problems = threads.map(self._damage, listed)
            return {
                file.name: problem
                for file, problem in zip(listed, problems, strict=True)
                if problem is not None
            }

    def _damage(self, file: ListedFile) -> str | None:
        try:
            measured = measure(self.path / file.name)
        except OSError as error:
            return f"it cannot be read: {_first_line(error)}"
        if measured[1] != file.bytes:
            return f"it has {measured[1]:,} bytes instead of {file.bytes:,}"
        return None if measured[0] == file.sha256 else "its sha256 is another"

    def names(self, suffix: str = ".parquet") -> list[str]:
        """Names of all files of the folder, listed or not, sorted."""
        return sorted(
            path.name for path in self.path.glob(f"*{suffix}") if not path.name.startswith(".")
        )

    def size(self, name: str) -> int:
        """Bytes of a file."""
        return (self.path / name).stat().st_size

    def measured(self, name: str) -> ListedFile:
        """The entry of a file that exists, for a list that is made again.

        Raises:
            LakeError: If it cannot be read.
        """
        with self.open(name) as file:
            rows = file.metadata.num_rows
        sha256, size = measure(self.path / name)
        return ListedFile(name=name, sha256=sha256, bytes=size, rows=rows, run=0, buckets=(0, 15))

    @contextmanager
    def open(self, name: str) -> Iterator[pq.ParquetFile]:
        """Open a parquet file to read it; an error while it is read names its path.

        Raises:
            LakeError: If it cannot be read.
        """
        path = self.path / name
        with self._readable(path), pq.ParquetFile(path) as file:
            yield file

    @contextmanager
    def _readable(self, path: Path) -> Iterator[None]:
        """Translate errors of reading into a `LakeError` with the path."""
        try:
            yield
        except LakeError:
            raise
        except (OSError, ValueError, OverflowError, RecursionError, pa.ArrowException) as error:
            raise _damaged(path, _first_line(error)) from None

    def create(self, name: str, schema: pa.Schema, **options: Any) -> UnfinishedFile:  # noqa: ANN401
        """Begin a parquet file that appears under its name when it is finished.

        Raises:
            LakeError: If the folder cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            return UnfinishedFile(self.path, name, schema, options)
        except OSError as error:
            raise unwritable(self.path, error) from None

    def write_text(self, name: str, text: str) -> None:
        """Write a small file atomically.

        Raises:
            LakeError: If the folder cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            unfinished = self.path / f".{name}{_UNFINISHED}"
            unfinished.write_text(text, encoding="utf-8")
            finish(unfinished, self.path / name)
        except OSError as error:
            raise unwritable(self.path, error) from None

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        try:
            (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(self.path, error) from None

    def remove_unfinished(self) -> None:
        """Remove unfinished files of killed runs, which no reader opens."""
        for path in self.path.glob(f".*{_UNFINISHED}"):
            path.unlink(missing_ok=True)

    def lock(self, name: str, message: str) -> FileLock:
        """Take a lock that dies with the process that holds it.

        Raises:
            LockedError: If another process holds it.
            LakeError: If the folder cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.path / name, timeout=0)
            lock.acquire()
        except Timeout:
            raise LockedError(message) from None
        except OSError as error:
            raise unwritable(self.path, error) from None
        return lock


class UnfinishedFile:
    """A parquet file that is being written; its bytes are hashed on their way."""

    def __init__(self, folder: Path, name: str, schema: pa.Schema, options: dict[str, Any]) -> None:
        """Begins the file; use `Folder.create`."""
        self.rows = 0
        self._name = name
        self._target = folder / name
        self._path = folder / f".{name}{_UNFINISHED}"
        self._sink = _HashedFile(self._path)
        self._writer = pq.ParquetWriter(self._sink, schema, **options)

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._sink.size

    @property
    def sha256(self) -> str:
        """Hash of the bytes written so far; of all once it is closed."""
        return self._sink.sha256

    def write(self, table: pa.Table) -> None:
        """Append a row group.

        Raises:
            LakeError: If the disk is full, or cannot be written.
        """
        try:
            self._writer.write_table(table, row_group_size=max(1, table.num_rows))
        except OSError as error:
            raise unwritable(self._target.parent, error) from None
        self.rows += table.num_rows

    def close(self) -> Path:
        """Complete the file, without giving it its name yet.

        Raises:
            LakeError: If the disk is full, or cannot be written.
        """
        try:
            self._writer.close()
            self._sink.close()
        except OSError as error:
            raise unwritable(self._target.parent, error) from None
        return self._path

    def finish(self, run: int = 0, buckets: tuple[int, int] = (0, 0)) -> ListedFile:
        """Complete the file, sync it to disk and rename it to its final name.

        Args:
            run: Number of the run.
            buckets: First and last hash bucket of its records.

        Raises:
            LakeError: If the disk is full, or cannot be written.
        """
        self.close()
        try:
            finish(self._path, self._target)
        except OSError as error:
            raise unwritable(self._target.parent, error) from None
        return ListedFile(
            name=self._name,
            sha256=self._sink.sha256,
            bytes=self._sink.size,
            rows=self.rows,
            run=run,
            buckets=buckets,
        )

    def discard(self) -> None:
        """Remove the unfinished file."""
        try:
            self._writer.close()
        except OSError:
            pass  # a full disk refuses the end of a file as it refused its middle
        finally:
            self._sink.abandon()
            self._path.unlink(missing_ok=True)


class _HashedFile:
    """A writable file for pyarrow that hashes its content."""

    def __init__(self, path: Path) -> None:
        self.size = 0
        self._digest = hashlib.sha256()
        self._file = path.open("wb")

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    @property
    def closed(self) -> bool:
        return self._file.closed

    def write(self, content: bytes) -> int:
        self._file.write(content)
        self._digest.update(content)
        self.size += len(content)
        return len(content)

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def abandon(self) -> None:
        with suppress(OSError):  # what could not be written is removed
            self._file.close()

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False


def measure(path: Path) -> tuple[str, int]:
    """Hash and size of a file, in bounded memory.

    Raises:
        OSError: If it cannot be read.
    """
    return sha256_of(path), path.stat().st_size


def unwritable(path: Path, error: OSError) -> LakeError:
    """The error for a folder that cannot be written."""
    return LakeError(
        f"The lake {path} cannot be written ({_first_line(error)}): make room or give another "
        "folder with --raw, and run again; what is finished is kept."
    )


def _damaged(path: Path, reason: str) -> LakeError:
    remedy = (
        "run 'biodata-cache extract --full' once, all records are fetched anew."
        if path.name == LIST
        else "remove it and extract again, what it held is fetched anew."
    )
    return LakeError(f"File {path} of the lake cannot be read ({reason}): {remedy}")


def _first_line(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).partition("\n")[0].rstrip(".")


def finish(unfinished: Path, target: Path) -> None:
    """Sync a file to disk and rename it to its final name."""
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.replace(target)

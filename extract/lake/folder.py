"""The place a lake lives in: the only module that knows that it is a folder of this machine.

A lake needs little of its place: list names, read a file, write one that appears when it is whole,
remove one, and keep a second writer out. Another kind of place has to offer the same.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from biodata_cache._core.errors import LakeError, LockedError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Folder", "UnfinishedFile", "finish"]

_UNFINISHED = ".tmp"


class Folder:
    """A folder of finished files; unfinished ones have hidden names until they are whole.

    Args:
        path: The folder; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        """Touches nothing."""
        self.path = path

    def names(self, suffix: str = ".parquet") -> list[str]:
        """Names of the finished files, in order."""
        return sorted(
            path.name for path in self.path.glob(f"*{suffix}") if not path.name.startswith(".")
        )

    def size(self, name: str) -> int:
        """Bytes of a file."""
        return (self.path / name).stat().st_size

    def open(self, name: str) -> pq.ParquetFile:
        """Open a parquet file to read it.

        Raises:
            LakeError: It cannot be read.
        """
        path = self.path / name
        try:
            return pq.ParquetFile(path, memory_map=True)
        except (OSError, pa.ArrowInvalid) as error:
            raise LakeError(
                f"File {path} of the lake cannot be read ({_first_line(error)}): remove it and "
                "extract again, what it held is fetched anew."
            ) from None

    def create(self, name: str, schema: pa.Schema, **options: Any) -> UnfinishedFile:  # noqa: ANN401
        """Begin a parquet file that appears under its name when it is finished.

        Raises:
            LakeError: The folder cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            return UnfinishedFile(self.path, name, schema, options)
        except OSError as error:
            raise unwritable(self.path, error) from None

    def write_text(self, name: str, text: str) -> None:
        """Write a small file at once, whole.

        Raises:
            LakeError: The folder cannot be written.
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
        (self.path / name).unlink(missing_ok=True)

    def remove_unfinished(self) -> None:
        """Remove what a killed run left behind; no reader ever looked at it."""
        for path in self.path.glob(f".*{_UNFINISHED}"):
            path.unlink(missing_ok=True)

    def lock(self, name: str, message: str) -> FileLock:
        """Take a lock that dies with the process that holds it.

        Raises:
            LockedError: Another process holds it; the message says so.
            LakeError: The folder cannot be written.
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
    """A parquet file that is being written."""

    def __init__(self, folder: Path, name: str, schema: pa.Schema, options: dict[str, Any]) -> None:
        """Begins the file; use `Folder.create`."""
        self._target = folder / name
        self._path = folder / f".{name}{_UNFINISHED}"
        self._writer = pq.ParquetWriter(self._path, schema, **options)

    def write(self, table: pa.Table) -> None:
        """Append a row group.

        Raises:
            LakeError: The disk is full, or cannot be written.
        """
        try:
            self._writer.write_table(table)
        except OSError as error:
            raise unwritable(self._target.parent, error) from None

    def close(self) -> Path:
        """Complete the file, without giving it its name yet.

        Raises:
            LakeError: The disk is full, or cannot be written.
        """
        try:
            self._writer.close()
        except OSError as error:
            raise unwritable(self._target.parent, error) from None
        return self._path

    def finish(self) -> None:
        """Complete the file and let it appear, once its bytes are on the disk.

        Raises:
            LakeError: The disk is full, or cannot be written.
        """
        self.close()
        try:
            finish(self._path, self._target)
        except OSError as error:
            raise unwritable(self._target.parent, error) from None

    def discard(self) -> None:
        """Let the file vanish."""
        try:
            self._writer.close()
        except OSError:
            pass  # a full disk refuses the end of a file as it refused its middle
        finally:
            self._path.unlink(missing_ok=True)


def unwritable(path: Path, error: OSError) -> LakeError:
    """The error for a place that cannot be written."""
    return LakeError(
        f"The lake {path} cannot be written ({_first_line(error)}): make room or give another "
        "folder with --raw, and run again; what is finished is kept."
    )


def _first_line(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return str(text).partition("\n")[0].rstrip(".")


def finish(unfinished: Path, target: Path) -> None:
    """Let a file appear under its name, once its bytes are on the disk."""
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.replace(target)

"""Registers readers of the lakes, and removes unlisted files while there is none."""

from __future__ import annotations

import os
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from extract.lake.folder import unwritable

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator
    from pathlib import Path

    from extract.lake.folder import Folder

_READERS = ".readers"


@contextmanager
def reading(raw: Path) -> Iterator[None]:
    """Keep files from being removed while they are read.

    Args:
        raw: Folder of the lakes.

    Raises:
        LakeError: If the folder cannot be written.
    """
    folder = raw / _READERS
    path = folder / f"{os.getpid()}-{uuid.uuid4().hex}.lock"
    lock = FileLock(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise unwritable(raw, error) from None
    try:
        yield
    finally:
        lock.release()
        path.unlink(missing_ok=True)


def sweep(store: Folder, own: re.Pattern[str] | None = None) -> None:
    """Remove files that the list of a lake does not name; a later writer does if there is a reader.

    Args:
        store: The lake, below the folder of all lakes.
        own: What its own files are called; by default all files are its own.
    """
    listed = {file.name for file in store.listed()}
    unlisted = [
        name
        for name in store.names()
        if name not in listed and (own is None or own.fullmatch(name))
    ]
    if unlisted and not is_read(store.path.parent):
        for name in unlisted:
            store.remove(name)


def is_read(raw: Path) -> bool:
    """Whether there is a reader; removes entries of dead readers."""
    for path in (raw / _READERS).glob("*.lock"):
        try:
            with FileLock(path, timeout=0):
                pass
        except Timeout:
            return True
        path.unlink(missing_ok=True)
    return False

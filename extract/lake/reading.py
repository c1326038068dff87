"""Registers readers of the lakes, so that files are not removed while they are read."""

from __future__ import annotations

import os
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from extract.lake.folder import unwritable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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

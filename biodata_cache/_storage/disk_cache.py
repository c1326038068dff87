"""Copies of small objects on this machine, so that what has not changed is not transferred again.

A copy is named by the object and by the hash of its content. It is written atomically, and never
read if its hash is not that of its name, so any number of processes may share a folder. When the
folder grows beyond its limit, the least recently used copies are removed.
"""

from __future__ import annotations

import hashlib
import math
import os
import secrets
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from biodata_cache._storage.common import file_identity, sha256_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# Objects above this size are never copied.
MAX_WHOLE_BYTES = 32 * 10**6
# Objects up to this size are copied even when only some of their columns or rows are read.
MAX_PARTIAL_BYTES = 10**6
# A larger one is copied the n-th time that a process reads a part of it.
_PARTIAL_READS_BEFORE_COPY = 3
_ABANDONED_SECONDS = 3600.0
# The size of the folder is measured again after this time, as other processes add copies, too.
_USAGE_SECONDS = 60.0
_UNFINISHED = ".unfinished-"
# Share of the limit that is in use after copies were removed.
_SHRUNK_SHARE = 0.9


@dataclass
class _Usage:
    """Disk usage of a folder, as far as this process knows.

    Attributes:
        total: Total size of the copies in bytes, with what this process added since.
        at: When it was measured, in seconds of the monotonic clock.
    """

    total: int = 0
    at: float = -math.inf


@dataclass(frozen=True)
class LocalCopies:
    """A folder of local copies, with a limit of size.

    Attributes:
        folder: The folder; made when it is needed.
        limit: Maximum total size of the copies in bytes.
    """

    folder: Path
    limit: int
    _verified: dict[Path, object] = field(default_factory=dict, compare=False, repr=False)
    _usage: _Usage = field(default_factory=_Usage, compare=False, repr=False)
    _partial_reads: Counter[str] = field(default_factory=Counter, compare=False, repr=False)

    def size_limit(self, name: str, *, is_whole: bool) -> int:
        """Largest size in bytes at which this read copies an object; counts partial reads."""
        self._partial_reads[name] += not is_whole
        is_wanted = is_whole or self._partial_reads[name] >= _PARTIAL_READS_BEFORE_COPY
        return min(MAX_WHOLE_BYTES if is_wanted else MAX_PARTIAL_BYTES, self.limit)

    def find(self, name: str, sha256: str | None = None) -> Path | None:
        """The copy of an object; None if there is no intact one.

        Args:
            name: Unique name of the object; with its tag, if `sha256` is not known.
            sha256: Content hash; None if it is not known.
        """
        if sha256 is None:
            key = _key(name)
            matches: Collection[Path] = sorted((self.folder / key[:2]).glob(f"{key}-*.pqt"))
        else:
            matches = [self._path(name, sha256)]
        for path in matches:
            if self._is_whole(path):
                with suppress(OSError):
                    # The modification time stays: it tells whether the copy was verified.
                    os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
                return path
        return None

    def keep(self, name: str, content: bytes) -> Path | None:
        """Add a copy; None if it cannot be written."""
        path = self._path(name, hashlib.sha256(content).hexdigest())
        unfinished = self.folder / f"{_UNFINISHED}{secrets.token_hex(8)}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            unfinished.write_bytes(content)
            unfinished.replace(path)
        except OSError:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            return None
        self._verified[path] = file_identity(path)
        self._usage.total += len(content)
        return path

    def is_usable(self) -> bool:
        """Whether copies can be written."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            return False
        return os.access(self.folder, os.W_OK)

    def shrink(self, in_use: Collection[Path]) -> None:
        """Remove the least recently used copies until the limit is kept."""
        measured, now = self._usage, time.monotonic()
        if measured.total <= self.limit and now - measured.at < _USAGE_SECONDS:
            return
        copies = []
        for path in self._copies():
            with suppress(OSError):  # another process removed it
                status = path.stat()
                copies.append((status.st_atime_ns, status.st_size, path))
        total = sum(size for _, size, _ in copies)
        in_use = set(in_use)
        target = total if total <= self.limit else self.limit * _SHRUNK_SHARE
        for _, size, path in sorted(copies):
            if total <= target:
                break
            if path in in_use:
                continue
            with suppress(OSError):
                path.unlink()
            self._verified.pop(path, None)
            total -= size
        measured.total, measured.at = total, now

    def _copies(self) -> Iterator[Path]:
        """Every copy; removes abandoned temporary files on the way."""
        with suppress(OSError):
            for entry in os.scandir(self.folder):
                if entry.name.startswith(_UNFINISHED):
                    with suppress(OSError):
                        if time.time() - entry.stat().st_mtime > _ABANDONED_SECONDS:
                            Path(entry.path).unlink()
                elif entry.is_dir():
                    yield from Path(entry.path).glob("*.pqt")

    def _path(self, name: str, sha256: str) -> Path:
        key = _key(name)
        return self.folder / key[:2] / f"{key}-{sha256}.pqt"

    def _is_whole(self, path: Path) -> bool:
        """Whether a copy exists and has the hash that it is named by; a damaged one is removed."""
        current = file_identity(path)
        if current is None:
            return False
        if self._verified.get(path) == current:
            return True
        try:
            is_whole = path.stem.rpartition("-")[2] == sha256_of(path)
        except OSError:
            return False
        if not is_whole:
            with suppress(OSError):
                path.unlink()
            return False
        self._verified[path] = current
        return True


def _key(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]

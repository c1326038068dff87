"""Copies of small objects on this machine, so that what has not changed is not transferred again.

A copy is named after the object and after its own content. It is written beside and moved in whole,
and what its content does not agree with its name is never read: any number of processes may use one
folder. Those that were used last stay when the folder grows beyond its limit.
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

from biodata_cache._storage.common import identity, sha256_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# Objects above this size are read in parts, where they are.
LARGEST = 32 * 10**6
# Objects up to this size are copied even if only some of their columns or rows are asked for.
LARGEST_IN_PARTS = 10**6
# A larger one is, too, when it is read in parts for this time in a process.
_ENOUGH_PARTS = 3
_ABANDONED_SECONDS = 3600.0
# What other processes add is counted after this time at the latest.
_MEASURED_SECONDS = 60.0
_UNFINISHED = ".unfinished-"
# After the oldest are removed, as much of the limit is used at most.
_FULL = 0.9


@dataclass
class _Measured:
    """How much there is in a folder, as far as this process knows.

    Attributes:
        total: Bytes that the copies take together.
        at: When that was looked up; what this process added since is in it.
    """

    total: int = 0
    at: float = -math.inf


@dataclass(frozen=True)
class LocalCopies:
    """A folder of copies.

    Attributes:
        folder: The folder, which need not be there.
        limit: The most bytes that the copies take together.
    """

    folder: Path
    limit: int
    _checked: dict[Path, object] = field(default_factory=dict, compare=False, repr=False)
    _measured: _Measured = field(default_factory=_Measured, compare=False, repr=False)
    _in_parts: Counter[str] = field(default_factory=Counter, compare=False, repr=False)

    def largest(self, name: str, *, is_whole: bool) -> int:
        """The most bytes that an object may have to be copied now.

        Args:
            name: What tells the object from all others.
            is_whole: Whether all of it is asked for; each time that it is not is counted.
        """
        self._in_parts[name] += not is_whole
        is_wanted = is_whole or self._in_parts[name] >= _ENOUGH_PARTS
        return min(LARGEST if is_wanted else LARGEST_IN_PARTS, self.limit)

    def find(self, name: str, sha256: str | None = None) -> Path | None:
        """The copy of an object.

        Args:
            name: What tells the object, and its content if `sha256` does not, from all others.
            sha256: Content hash, if it is known.
        """
        if sha256 is None:
            key = _key(name)
            matches: Collection[Path] = sorted((self.folder / key[:2]).glob(f"{key}-*.pqt"))
        else:
            matches = [self._path(name, sha256)]
        for path in matches:
            if self._is_whole(path):
                with suppress(OSError):
                    # When it was changed stays: by that it is told from another one.
                    os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
                return path
        return None

    def keep(self, name: str, content: bytes) -> Path | None:
        """Make a copy; None if that is not possible."""
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
        self._checked[path] = identity(path)
        self._measured.total += len(content)
        return path

    def is_usable(self) -> bool:
        """Whether copies can be written."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            return False
        return os.access(self.folder, os.W_OK)

    def shrink(self, in_use: Collection[Path]) -> None:
        """Remove the copies that were not used for the longest time, until the limit is kept.

        Args:
            in_use: Copies that stay.
        """
        measured, now = self._measured, time.monotonic()
        if measured.total <= self.limit and now - measured.at < _MEASURED_SECONDS:
            return
        found = []
        for path in self._copies():
            with suppress(OSError):  # another process was faster
                status = path.stat()
                found.append((status.st_atime_ns, status.st_size, path))
        total = sum(size for _, size, _ in found)
        kept = set(in_use)
        enough = total if total <= self.limit else self.limit * _FULL
        for _, size, path in sorted(found):
            if total <= enough:
                break
            if path in kept:
                continue
            with suppress(OSError):
                path.unlink()
            self._checked.pop(path, None)
            total -= size
        measured.total, measured.at = total, now

    def _copies(self) -> Iterator[Path]:
        """Every copy; what was left unfinished long ago is removed on the way."""
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
        """Whether a copy is there and has the content that it is named after."""
        now = identity(path)
        if now is None:
            return False
        if self._checked.get(path) == now:
            return True
        try:
            is_whole = path.stem.rpartition("-")[2] == sha256_of(path)
        except OSError:
            return False
        if not is_whole:
            with suppress(OSError):
                path.unlink()
            return False
        self._checked[path] = now
        return True


def _key(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]

"""The backend MEMORY: a cache in a temporary folder, built when a table is first read."""

from __future__ import annotations

import sys
import tempfile
import threading
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from biodata_cache._core.layout import CACHE_FOLDER
from biodata_cache._core.settings.address import Address
from biodata_cache._storage.cached import CachedStorage
from biodata_cache._storage.local import LocalStorage

if TYPE_CHECKING:
    from biodata_cache._core.settings.address import Secret
    from biodata_cache._core.settings.values import Settings


@dataclass(frozen=True)
class _ProcessCache:
    """A temporary folder, removed when the process ends."""

    folder: tempfile.TemporaryDirectory[str] = field(
        default_factory=lambda: tempfile.TemporaryDirectory(prefix="biodata-cache-")
    )
    lock: threading.Lock = field(default_factory=threading.Lock)
    built: threading.Event = field(default_factory=threading.Event)

    @property
    def store(self) -> CachedStorage:
        return CachedStorage(LocalStorage(Path(self.folder.name) / "root", CACHE_FOLDER))


@cache
def _process_cache(source: Secret) -> _ProcessCache:  # noqa: ARG001  # one for each source
    return _ProcessCache()


_making = threading.Lock()  # only one of several threads creates the folder


def store(settings: Settings) -> CachedStorage:
    """The storage of this process; its tables need not be built yet."""
    with _making:
        return _process_cache(settings.source).store


def tables(settings: Settings) -> CachedStorage:
    """The storage of this process, after its tables are built.

    Raises:
        CacheError: If the tables cannot be built.
        MissingDependencyError: If the extra for building is not installed.
    """
    with _making:
        own = _process_cache(settings.source)
    with own.lock:
        if not own.built.is_set():
            _build(settings, own)
            own.built.set()
    return own.store


def _build(settings: Settings, own: _ProcessCache) -> None:
    """Extract, build and publish into the folder of this process."""
    from biodata_cache._pipeline.stages import run_sync  # noqa: PLC0415  # reading needs none of it

    folder = Path(own.folder.name)
    work = folder / "work"
    line = _Line(settings.source)
    try:
        outcome = run_sync(
            replace(
                settings,
                backend="LOCAL",
                root=Address(folder / "root"),
                work=work,
                raw=Address(work / "raw"),
            ),
            line,
        )
    except BaseException:
        line.end("failed")
        raise
    line.end(f"{sum(outcome.seconds.values()):.0f} s")


class _Line:
    """A progress line on stderr, rewritten in place on a terminal."""

    def __init__(self, source: Secret) -> None:
        self._start = (
            f"biodata-cache: building the tables from {source!r} in memory, once for this process"
        )
        self._is_terminal = sys.stderr.isatty()
        sys.stderr.write(f"{self._start} ... ")
        sys.stderr.flush()

    def __call__(self, stage: str, done: int, total: int | None, detail: str) -> None:  # noqa: ARG002
        """Show progress of a stage."""
        if self._is_terminal:
            of_all = "" if total is None else f"/{total:,}"
            sys.stderr.write(f"\r\x1b[K{self._start} ... {stage} {done:,}{of_all} ")
            sys.stderr.flush()

    def end(self, how: str) -> None:
        """End the line."""
        sys.stderr.write(f"{how}\n")
        sys.stderr.flush()

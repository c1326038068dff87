"""Temporary folders and files of a publish or rollback: in the work folder, if there is one.

There the next one removes what a killed one left, which does not happen in the system's folder.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from biodata_cache._core.errors import CacheError, CacheFileError
from biodata_cache._core.sqltext import literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_FOLDER: ContextVar[Path | None] = ContextVar("scratch folder", default=None)


@contextmanager
def scratch_in(work: Path, purpose: str) -> Iterator[None]:
    """Make temporary folders in the work folder, if possible; one process has a purpose."""
    folder = work / f".temporary-{purpose}"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir()
    except OSError:
        yield
        return
    before = _FOLDER.set(folder)
    try:
        yield
    finally:
        _FOLDER.reset(before)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def temporary_folder() -> Iterator[str]:
    """A temporary folder, which is removed at the end of its `with` block.

    Raises:
        CacheFileError: If what the block does meets a full disk, or cannot read or write.
    """
    import duckdb  # noqa: PLC0415  # not before it is needed

    top = _FOLDER.get()
    try:
        with tempfile.TemporaryDirectory(prefix="biodata-cache-", dir=top) as folder:
            yield folder
    except (OSError, duckdb.IOException) as error:
        if isinstance(error, CacheError):
            raise
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise CacheFileError(
            f"Temporary files in {top or tempfile.gettempdir()} cannot be written or read "
            f"({reason.splitlines()[0]}): make room, and publish again."
        ) from None


def parquet_bytes(rows: Sequence[tuple[Any, ...]], types: Mapping[str, str]) -> bytes:
    """A parquet file of rows, with columns of these types; the same rows give the same bytes."""
    import duckdb  # noqa: PLC0415  # not before it is needed

    columns = {name: [row[index] for row in rows] for index, name in enumerate(types)}
    selected = ", ".join(f"unnest(${name}::{kind}[]) as {name}" for name, kind in types.items())
    with temporary_folder() as folder, duckdb.connect() as duck:
        target = Path(folder) / "rows.pqt"
        duck.execute("set threads = 1")
        duck.execute(
            f"copy (select {selected}) to {literal(str(target))} "
            "(format parquet, compression zstd)",
            columns,
        )
        return target.read_bytes()

"""The list of a build's public files, which is an object too: a parquet file sorted by path."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from biodata_cache._core import layout as _layout
from biodata_cache._core.errors import CacheFileError
from biodata_cache._core.sqltext import pattern_of
from biodata_cache._publish.scratch import parquet_bytes, temporary_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biodata_cache._core.registry.entries import ObjectFile
    from biodata_cache._storage.base import Storage


class PublicFile(NamedTuple):
    """A data file under its fixed name in the version folder.

    Attributes:
        path: Path in the version folder.
        key_value: Value of the partition key; None if the table is not partitioned.
        sha256: Content hash.
    """

    path: str
    table_name: str
    key_value: str | None
    rows: int
    bytes: int
    sha256: str


_TYPES = {
    "path": "varchar",
    "table_name": "varchar",
    "key_value": "varchar",
    "rows": "bigint",
    "bytes": "bigint",
    "sha256": "varchar",
}


def encoded(files: Iterable[PublicFile]) -> bytes:
    """The list as a parquet file; the same files give the same bytes."""
    return parquet_bytes(sorted(files), _TYPES)


def decoded(content: Path) -> list[PublicFile]:
    """The files of an encoded list.

    Raises:
        CacheFileError: If the content is not a list of public files.
    """
    import duckdb  # noqa: PLC0415  # not before it is needed

    try:
        with duckdb.connect() as duck:
            query = f"select {', '.join(_TYPES)} from read_parquet(?) order by path"
            rows = duck.execute(query, [pattern_of(str(content))]).fetchall()
            return [PublicFile(*row) for row in rows]
    except (duckdb.Error, UnicodeDecodeError) as error:
        raise CacheFileError(f"{content} is no list of public files ({error}).") from None


def read(storage: Storage, listed: ObjectFile) -> list[PublicFile]:
    """Read the list that a registry references.

    Raises:
        CacheFileError: If the object is missing or damaged.
    """
    path = _layout.object_path(listed.name)
    with temporary_folder() as folder:
        target = Path(folder) / "files.pqt"
        if not storage.download(path, target, sha256=listed.sha256):
            raise CacheFileError(
                f"{storage.address(path)}, the list of public files, is missing or damaged: "
                "publish again."
            )
        return decoded(target)

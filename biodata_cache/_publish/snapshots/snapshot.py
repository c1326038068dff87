"""A build as it is published: its registry, its objects and its public files."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from biodata_cache._core import layout as _layout
from biodata_cache._core.errors import RegistryError
from biodata_cache._core.registry import document as _document
from biodata_cache._core.registry.entries import CacheRegistry, ObjectFile, TableEntry
from biodata_cache._core.sqltext import literal, parquet_of, pattern_of
from biodata_cache._publish.snapshots import public_files as _public_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import duckdb

    from biodata_cache._publish.snapshots.public_files import PublicFile
    from biodata_cache._storage.base import Storage

Source = bytes | Path

OBJECT_BYTES = 128 * 2**20
"""Size from which on the rows of a table are split into several objects."""
_GROUP_ROWS = 10_240
"""Rows of a row group: statistics find those of one key. A part begins with one."""


@dataclass(frozen=True)
class Published:
    """The published state of a version.

    Attributes:
        registry: Its registry; without tables if it is not published.
        content: Bytes of the registry; None if there is no registry, or only its fragments.
    """

    registry: CacheRegistry
    content: bytes | None = None
    tag: str | None = None

    @property
    def build(self) -> str:
        """Name of the build; empty if there is none, or an older publisher made it."""
        return self.registry.build or ""


@dataclass(frozen=True)
class Snapshot:
    """Registry, objects and public files of one build, ready to be published.

    Attributes:
        content: Bytes of the registry.
        files: Its public files, sorted by path.
        objects: Content of the new objects, by name.
        sources: Content of the new public files, by path in the version folder.
    """

    registry: CacheRegistry
    content: bytes
    files: Sequence[PublicFile]
    objects: dict[str, Source]
    sources: dict[str, Source]

    @property
    def published(self) -> Published:
        """The version as it is then."""
        return Published(self.registry, self.content)

    @property
    def build(self) -> str:
        """Name of the build."""
        return self.published.build


def read_published(storage: Storage, version_folder: str) -> Published:
    """Read the published state of a version.

    Raises:
        RegistryError: If the registry exists but cannot be read.
    """
    path = _layout.registry_path(version_folder)
    document = storage.get(path)
    try:
        if document is not None:
            return Published(
                _document.parse(document.content, storage.address(path)),
                document.content,
                document.tag,
            )
        folder = _layout.path(version_folder, _layout.FRAGMENTS)
        paths = [path for path, _ in storage.list(f"{folder}/")]
        contents = {storage.address(path): storage.get(path) for path in paths}
        return Published(
            _document.parse_fragments(
                {path: got.content for path, got in contents.items() if got is not None}
            )
        )
    except RegistryError as error:
        raise RegistryError(
            f"The published registry cannot be read: {error} If there is no other copy, remove it "
            "and publish again; data files that are right stay."
        ) from None


def build_name(built_at: str, content_hash: str) -> str:
    """Name of a build: its time, and the beginning of its content hash.

    Example:
        >>> build_name("2026-01-31T08:15:00.123Z", "0a1b2c3d4e5f")
        '20260131T081500Z-0a1b2c3d'
    """
    digits = "".join(sign for sign in built_at[:19] if sign.isdigit() or sign == "T")
    return f"{digits}Z-{content_hash[:8]}"


def snapshot(
    tables: Iterable[TableEntry],
    files: Iterable[PublicFile],
    built_at: str,
    *,
    objects: dict[str, Source],
    sources: dict[str, Source],
    before: Published | None = None,
    profiles: bytes | ObjectFile | None = None,
) -> Snapshot:
    """The snapshot of these tables; has the name of the previous build if nothing changed.

    Args:
        tables: Entries of the tables; new ones have no build yet.
        files: Public files of all tables.
        built_at: When it was built.
        objects: Content of the objects that are at hand, by name.
        sources: Content of the public files that are at hand, by path in the version folder.
        before: The published state.
        profiles: What the pages show of the rows, or the object that has it already.
    """
    entries, files = tuple(tables), sorted(files)
    content_hash = _document.content_hash(entries)
    listed = _public_files.encoded(files)
    list_object = _object_of(listed, len(files))
    objects = objects | {list_object.name: listed}
    if isinstance(profiles, bytes):
        content, profiles = profiles, _object_of(profiles, len(entries))
        objects |= {profiles.name: content}
    if (
        before is not None
        and before.content is not None
        and before.registry.public_files == list_object
        and before.registry.profiles == profiles
        and _document.content_hash(before.registry) == content_hash
    ):
        return Snapshot(before.registry, before.content, files, objects, sources)
    name = build_name(built_at, content_hash)
    registry = CacheRegistry(
        tuple(
            replace(entry, built_at=built_at, build_id=name) if entry.build_id is None else entry
            for entry in entries
        ),
        build=name,
        built_at=built_at,
        public_files=list_object,
        profiles=profiles,
    )
    return Snapshot(registry, _document.document(registry), files, objects, sources)


def _object_of(content: bytes, rows: int) -> ObjectFile:
    sha256 = hashlib.sha256(content).hexdigest()
    return ObjectFile(_layout.object_name(sha256), rows, len(content), sha256)


def documents_of(
    version_folder: str, registry: CacheRegistry, content: bytes
) -> list[dict[str, bytes]]:
    """Sidecars, registry fragments and registry by path in the version folder, in this order."""
    start = len(version_folder) + 1
    sidecars, fragments = {}, {}
    for entry in registry:
        data = _layout.data_path(version_folder, entry.name, entry.location)
        columns = {"columns": [column.name for column in entry.columns]}
        sidecars[_layout.sidecar_path(data)[start:]] = _document.as_json(columns)
        path = _layout.fragment_path(version_folder, entry.name)
        fragments[path[start:]] = _document.fragment(entry)
    return [sidecars, fragments, {_layout.REGISTRY_FILE: content}]


def texts_in(connection: duckdb.DuckDBPyConnection, file: Path) -> str:
    """The option of `copy` that gives another file the texts of this one; empty if it has none."""
    rows = connection.execute(
        "select decode(key), decode(value) from parquet_kv_metadata(?) "
        "where key in ('description'::blob, 'columns'::blob) order by key desc",
        [pattern_of(str(file))],
    ).fetchall()
    listed = ", ".join(f"{key}: {literal(value)}" for key, value in rows)
    return f", kv_metadata {{{listed}}}" if listed else ""


def split(
    connection: duckdb.DuckDBPyConnection, whole: Path, folder: Path, object_bytes: int
) -> list[Path]:
    """Write the rows of a file into several files, in their order, of about equal size.

    The rows are sorted, so that each file holds a range of the sort key: one key is document by the
    statistics of all files, and the files one after another are the table.

    Args:
        connection: A connection to any database.
        whole: The file.
        folder: Folder of the new files; it is emptied first.
        object_bytes: Approximate maximum size of each file.

    Returns:
        The files, in the order of the rows.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    source = parquet_of([whole])
    (rows,) = connection.execute(f"select count(*) from {source}").fetchone() or (0,)
    count = -(-whole.stat().st_size // object_bytes)
    groups = -(-rows // _GROUP_ROWS)
    texts = texts_in(connection, whole)
    step = max(1, -(-groups // count)) * _GROUP_ROWS
    files = []
    for number, first in enumerate(range(0, max(rows, 1), step)):
        path = folder / f"{number:04}.pqt"
        connection.execute(
            f"copy (select * exclude (file_row_number) "
            f"from read_parquet({literal(pattern_of(str(whole)))}, hive_partitioning = false, "
            f"file_row_number = true) "
            f"where file_row_number >= {first} and file_row_number < {first + step} "
            f"order by file_row_number) to {literal(str(path))} "
            f"(format parquet, compression zstd, row_group_size {_GROUP_ROWS}{texts})"
        )
        files.append(path)
    return files

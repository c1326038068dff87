"""Rollback: publishes a kept build again, from its registry and objects.

Public files of partitions are regenerated from the objects of their table, as the build wrote them.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from biodata_cache._core import layout as _layout
from biodata_cache._core.errors import AuditError, CacheFileError, CacheNotFoundError, RegistryError
from biodata_cache._core.registry import history as _history
from biodata_cache._core.registry.document import as_json
from biodata_cache._core.sqltext import literal, parquet_of, quoted
from biodata_cache._publish.last_publish import short_name
from biodata_cache._publish.publication import Publication, Report
from biodata_cache._publish.root_documents import sweep
from biodata_cache._publish.scratch import scratch_in, temporary_folder
from biodata_cache._publish.snapshots import builds as _builds
from biodata_cache._publish.snapshots import public_files as _public_files
from biodata_cache._publish.snapshots.pending import Pending
from biodata_cache._publish.snapshots.snapshot import (
    Published,
    Snapshot,
    read_published,
    snapshot,
    texts_in,
)
from biodata_cache._storage.base import LEASE_SECONDS
from biodata_cache._storage.common import sha256_of
from biodata_cache._storage.open import open_storage

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from biodata_cache._core.registry.entries import TableEntry
    from biodata_cache._core.settings.values import Settings
    from biodata_cache._publish.publication import Progress
    from biodata_cache._publish.snapshots.builds import KeptBuild
    from biodata_cache._publish.snapshots.public_files import PublicFile
    from biodata_cache._storage.base import Storage


def rollback(
    settings: Settings,
    progress: Progress | None = None,
    *,
    to: str | None = None,
    lease: float = LEASE_SECONDS,
) -> Report:
    """Restore a kept build.

    Args:
        settings: Names the root and the version.
        progress: Receives progress after each file: files written, files to write, path.
        to: The build, or the beginning of its name; by default the one that was published before
            the last one.
        lease: Seconds after which the lock of a publisher that was killed ends, on S3.

    Raises:
        CacheFileError: If an object of that build is missing or damaged. Nothing was changed.
        CacheNotFoundError: If no such build is kept, or nothing is published.
        LockedError: If a publish to this root is running.
        SettingsError: If no root is set.
    """
    storage, folder = open_storage(settings), settings.version_folder
    if read_published(storage, folder).content is None:  # then not even a lock is written there
        raise CacheNotFoundError(
            f"There is no {folder} in {storage.address()}: give the root, and with --version the "
            "version, of which a build is to be put back."
        )
    name = short_name(storage.address(folder))
    with storage.lease(_layout.LEASE, lease) as held, scratch_in(settings.work, f"rollback-{name}"):
        sweep(storage, folder)
        now = read_published(storage, folder)
        kept = _target(storage, folder, now, to)
        with _restored(storage, settings, now, kept) as publication:
            publication.run(held, progress)
            held.check()
            content = as_json({"from": now.build, "to": publication.report.build, "at": _now()})
            storage.put(_layout.rollback_path(folder), content, sha256(content).hexdigest())
            publication.finish()
            return publication.report


def check_not_rolled_back(storage: Storage, version_folder: str) -> None:
    """Refuse to publish over a rollback.

    Raises:
        AuditError: If the version was rolled back and not published since.
    """
    build = rolled_back_to(storage, version_folder)
    if build is not None:
        raise AuditError(
            f"{storage.address(version_folder)} was rolled back to {build}, and this would publish "
            "over it. If that is meant, say so once with --force."
        )


def rolled_back_to(storage: Storage, version_folder: str) -> str | None:
    """The build to which the version was rolled back, also by an unfinished rollback."""
    build = _builds.last_rollback(storage, version_folder)
    pending = Pending(storage, version_folder).rolled_back_to
    if build is not None or pending is None:
        return build
    return pending if read_published(storage, version_folder).build == pending else None


def _target(storage: Storage, folder: str, now: Published, to: str | None) -> KeptBuild:
    """The build to restore."""
    kept = _builds.kept_builds(storage, folder)
    address = storage.address(_layout.builds_folder(folder))
    if to is not None:
        return _builds.find(kept, to, address)
    if Pending(storage, folder).rolled_back_to == now.build:  # the rollback was killed
        return _builds.find(kept, now.build, address)
    got = storage.get(_layout.history_path(folder))
    try:
        history = _history.parse(got.content if got else None, folder)
    except RegistryError:
        history = ()
    is_rolled_back = _builds.last_rollback(storage, folder) is not None
    return _builds.build_before(kept, now.build, history, address, is_rolled_back=is_rolled_back)


@contextmanager
def _restored(
    storage: Storage, settings: Settings, now: Published, kept: KeptBuild
) -> Iterator[Publication]:
    """The publication of a kept build, with all regenerated files."""
    if kept.registry.public_files is None:
        raise CacheFileError(f"The build {kept.build} does not say what its public files are.")
    _check_objects(storage, kept)
    files = _public_files.read(storage, kept.registry.public_files)
    then = Snapshot(kept.registry, kept.content, files, {}, {})
    folder, wasm = settings.version_folder, settings.duckdb_wasm
    plan = Publication(storage, folder, now, then, is_rollback=True, duckdb_wasm=wasm)
    with temporary_folder() as temporary:
        wanted: dict[str, list[PublicFile]] = {}
        named = {each.name for entry in kept.registry for each in entry.objects}
        for file in plan.changed_data:
            # The file of a plain table is an object of its own, and copied from it.
            if file.key_value is not None or _layout.object_name(file.sha256) not in named:
                wanted.setdefault(file.table_name, []).append(file)
        made: dict[str, PublicFile] = {}
        sources: dict[str, bytes | Path] = {}
        for name, some in wanted.items():
            entry = kept.registry[name]
            for file, source in _regenerated(storage, entry, some, Path(temporary)):
                made[file.path], sources[file.path] = file, source
        if all(made[file.path] == file for file in plan.changed_data if file.path in made):
            target = replace(then, sources=sources)
        else:  # another version of DuckDB writes the same rows in other bytes
            target = snapshot(
                kept.registry,
                [made.get(file.path, file) for file in files],
                str(kept.registry.built_at),
                objects={},
                sources=sources,
                profiles=kept.registry.profiles,
            )
        yield Publication(storage, folder, now, target, is_rollback=True, duckdb_wasm=wasm)


def _check_objects(storage: Storage, kept: KeptBuild) -> None:
    """Verify every object of a build."""
    objects = {each.sha256: each for entry in kept.registry for each in entry.objects}
    damaged = [
        storage.address(_layout.object_path(each.name))
        for each in objects.values()
        if storage.sha256(_layout.object_path(each.name)) != each.sha256
    ]
    if damaged:
        raise CacheFileError(
            f"{len(damaged)} objects of the build {kept.build} are missing or not what they were, "
            f"the first is {damaged[0]}: nothing was changed. Publish a build instead."
        )


def _regenerated(
    storage: Storage, entry: TableEntry, files: list[PublicFile], folder: Path
) -> Iterator[tuple[PublicFile, Path]]:
    """Regenerate public files of partitions, or of several objects, from those objects."""
    import duckdb  # noqa: PLC0415  # not before it is needed

    sources = []
    for listed in entry.objects:
        source = folder / listed.name
        if not storage.download(_layout.object_path(listed.name), source, sha256=listed.sha256):
            raise CacheFileError(f"The object {listed.name} of {entry.name} is missing or damaged.")
        sources.append(source)
    columns = ", ".join(quoted(column.name) for column in entry.columns)
    key = quoted(str(entry.partition_key))
    try:
        with duckdb.connect() as duck:
            duck.execute("set TimeZone = 'UTC'")
            duck.execute(f"create view whole as from {parquet_of(sources)}")
            texts = texts_in(duck, folder / entry.objects[0].name)
            for position, file in enumerate(files):
                target = folder / f"{entry.name}-{position}.pqt"
                chosen = "true" if file.key_value is None else f"{key} = {literal(file.key_value)}"
                query = f"select {columns} from whole where {chosen}"
                for write in (_write_by_arrow, _write_by_duckdb):
                    write(duck, query, target, texts if file.key_value is None else "")
                    hashed = sha256_of(target)
                    if hashed == file.sha256:
                        break
                yield file._replace(bytes=target.stat().st_size, sha256=hashed), target
    except duckdb.Error as error:
        raise CacheFileError(f"The objects of {entry.name} cannot be read ({error}).") from None


def _write_by_arrow(duck: duckdb.DuckDBPyConnection, query: str, target: Path, _: str) -> None:
    """Write a file as a build writes that of a partition."""
    import pyarrow.parquet as pq  # noqa: PLC0415  # needs the extra `sync`

    rows = duck.execute(query).to_arrow_table()
    pq.write_table(rows, target, compression="zstd", store_schema=False)


def _write_by_duckdb(duck: duckdb.DuckDBPyConnection, query: str, target: Path, texts: str) -> None:
    """Write a file as a build writes that of a plain table, or older versions a partition."""
    options = f"format parquet, compression zstd{texts}"
    duck.execute(f"copy ({query}) to {literal(str(target))} ({options})")


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")

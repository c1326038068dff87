"""The publish stage: audits the last build and publishes it.

Nothing is built in the root, and nothing is published that was not tested.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from biodata_cache._core import layout as _layout
from biodata_cache._core.errors import AuditError
from biodata_cache._core.registry.entries import CheckEntry, ColumnEntry, TableEntry
from biodata_cache._core.work_lock import work_locked
from biodata_cache._publish import public_files as _public_files
from biodata_cache._publish.artifacts import (
    of_dbt,
    open_database,
    read_manifest,
    read_results,
    target_folder,
)
from biodata_cache._publish.audit import audit, build_area, built_tables, check_run
from biodata_cache._publish.builds import tidy_up
from biodata_cache._publish.catalogue import profiles as _profiles
from biodata_cache._publish.catalogue.provenance import lineage, provenance
from biodata_cache._publish.contract import published_tables, with_dynamic_columns
from biodata_cache._publish.publication import Publication, Report
from biodata_cache._publish.rollback import check_not_rolled_back, rollback, rolled_back_to
from biodata_cache._publish.root_documents import release, released, sweep, write_status
from biodata_cache._publish.snapshot import OBJECT_BYTES, read_published, snapshot
from biodata_cache._storage.base import LEASE_SECONDS
from biodata_cache._storage.open import open_storage

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from biodata_cache._core.registry.entries import ObjectFile
    from biodata_cache._core.settings.values import Settings
    from biodata_cache._publish.audit import BuiltTable
    from biodata_cache._publish.catalogue.provenance import Provenance
    from biodata_cache._publish.contract import Table
    from biodata_cache._publish.public_files import PublicFile
    from biodata_cache._publish.publication import Progress
    from biodata_cache._publish.snapshot import Published, Snapshot, Source
    from biodata_cache._storage.base import Storage

__all__ = ["Report", "publish", "rollback"]

LastReading = Callable[[datetime], datetime | None]
"""When the source was last read whole, before an instant."""

_AS_OF = "int_as_of"
"""The model that says how new the records are."""


def publish(
    settings: Settings,
    progress: Progress | None = None,
    *,
    dry_run: bool = False,
    only_built: bool = False,
    force: bool = False,
    lease: float = LEASE_SECONDS,
    last_reading: LastReading | None = None,
    object_bytes: int = OBJECT_BYTES,
) -> Report:
    """Publish the last build.

    Args:
        settings: Names the work folder and the root.
        progress: Receives progress after each file: files written, files to write, path.
        dry_run: Only report what would change.
        only_built: Publish only the tables of the last run and keep the others as published; by
            default the run must cover all tables.
        force: Publish even if the version was rolled back.
        lease: Seconds after which the lock of a publisher that was killed ends, on S3.
        last_reading: Returns when the source was last read completely before an instant. The status
            states this time, also if no record has changed since.
        object_bytes: Size from which on the rows of a table are split into several objects.

    Raises:
        AuditError: If the last build failed, its files disagree with the contract, or the version
            was rolled back and `force` is not given. Nothing was published.
        BuildError: If there is no build.
        LockedError: If a build is at work in the work folder, or another publish to this root.
        SettingsError: If there is no root to publish to.
    """
    storage = open_storage(settings)
    work = settings.work.resolve()
    read_manifest(target_folder(work))  # a folder without a build is not even locked
    with work_locked(work):
        build = _audited(work, only_built=only_built, object_bytes=object_bytes)
        extracts = [build.as_of, last_reading(build.began_at) if last_reading else None]
        newest_extract = max((each for each in extracts if each is not None), default=None)
        folder = build.area.name
        if dry_run:
            report = _publication(storage, build, settings).report
            if report.build != report.build_before:
                report.rolled_back_to = rolled_back_to(storage, folder)
            return report
        with storage.lease(_layout.LEASE, lease) as held:
            sweep(storage, folder)
            released(storage)  # an index that cannot be read is no reason to stop halfway
            publication = _publication(storage, build, settings)
            report = publication.report
            is_new = report.build != report.build_before
            if is_new and not force:
                check_not_rolled_back(storage, folder)
            publication.run(held, progress)
            held.check()
            release(storage, folder)
            if is_new and force:
                storage.delete([_layout.rollback_path(folder)])
            publication.finish()
            held.check()
            tidy_up(storage, folder, settings.keep_days, settings.grace_hours)
            write_status(storage, folder, _status(report, newest_extract))
    return report


@dataclass(frozen=True)
class _Build:
    """A build that passed the audit.

    Attributes:
        area: The version folder in the build area.
        tables: All tables of the project.
        built: The audited files of the tables to publish.
        built_at: When the tables were built.
        began_at: When the build began.
        as_of: When its newest record was extracted; None if the project does not say.
        provenance: Sources and checks of each table.
        lineage: What each model is made from directly.
    """

    area: Path
    tables: list[Table]
    built: dict[str, BuiltTable]
    built_at: str
    began_at: datetime
    as_of: datetime | None
    provenance: dict[str, Provenance]
    lineage: dict[str, list[str]]


def _audited(work: Path, *, only_built: bool, object_bytes: int) -> _Build:
    """Audit the last build."""
    target = target_folder(work)
    manifest, results = read_manifest(target), read_results(target)
    with of_dbt(target):
        every = published_tables(manifest)
        tables = built_tables(manifest, results, every) if only_built else every
        is_whole = len(tables) == len(every)
        check_run(manifest, results, tables, is_whole=is_whole)
        made = provenance(manifest, results)
    area = build_area(work, manifest)
    with open_database(work) as connection:
        tables = with_dynamic_columns(connection, tables)
        built = audit(connection, area, tables, is_whole=is_whole, object_bytes=object_bytes)
        as_of = _newest_extract(connection, manifest)
    chosen = {table.name: table for table in tables}
    return _Build(
        area,
        [chosen.get(table.name, table) for table in every],
        built,
        str(results["metadata"]["generated_at"]),
        _began_at(results),
        as_of,
        made,
        lineage(manifest),
    )


def _began_at(results: dict[str, Any]) -> datetime:
    """When a run of dbt began, before it read anything."""
    began = str(results["metadata"].get("invocation_started_at") or "1970-01-01T00:00:00Z")
    return datetime.fromisoformat(began.replace("Z", "+00:00"))


def _newest_extract(
    connection: duckdb.DuckDBPyConnection, manifest: dict[str, Any]
) -> datetime | None:
    for node in manifest["nodes"].values():
        if node.get("name") == _AS_OF and node.get("resource_type") == "model":
            if not _is_built(connection, node):  # a build of a few tables alone
                return None
            row = connection.execute(f"select max(as_of) from {node['relation_name']}").fetchone()
            return row[0] if row else None
    return None


def _publication(storage: Storage, build: _Build, settings: Settings) -> Publication:
    before = read_published(storage, build.area.name)
    return Publication(
        storage,
        build.area.name,
        before,
        _snapshot(storage, build, before),
        duckdb_wasm=settings.duckdb_wasm,
    )


def _snapshot(storage: Storage, build: _Build, before: Published) -> Snapshot:
    """Registry, objects and public files of one build, ready to be published.

    Raises:
        AuditError: If a table is neither built nor published already.
    """
    folder = build.area.name
    entries: list[TableEntry] = []
    files: list[PublicFile] = []
    objects: dict[str, Source] = {}
    sources: dict[str, Source] = {}
    left = [table.name for table in build.tables if table.name not in build.built]
    published = _published_files(storage, before, left)
    for table in build.tables:
        built = build.built.get(table.name)
        if built is None:
            entries.append(before.registry[table.name])
            continue
        address = storage.address(f"{folder}/{table.place}").replace("\\", "/")
        entry = _entry(table, address, built, build.provenance[table.name])
        entries.append(_same_build(entry, before))
        objects |= {each.name: local for local, each in built.objects}
        files += built.files
        sources |= {file.path: build.area / file.path for file in built.files}
    return snapshot(
        entries,
        [*files, *published],
        build.built_at,
        objects=objects,
        sources=sources,
        before=before,
        profiles=_profiles.profiles(
            entries, build.lineage, objects, _profiles.read(storage, before.registry.profiles)
        ),
    )


def _published_files(storage: Storage, before: Published, names: list[str]) -> list[PublicFile]:
    """Public files of the tables that are not published anew.

    Raises:
        AuditError: If one of the tables is not published, or its files are not listed.
    """
    missing = [name for name in names if name not in before.registry]
    if missing or (names and before.registry.public_files is None):
        raise AuditError(
            f"{storage.address()} does not have {', '.join(missing or names)} yet, or has what an "
            "older version published: publish all tables once, then some of them."
        )
    if not names or before.registry.public_files is None:
        return []
    listed = _public_files.read(storage, before.registry.public_files)
    return [file for file in listed if file.table_name in set(names)]


def _entry(table: Table, address: str, built: BuiltTable, made: Provenance) -> TableEntry:
    """The registry entry of a table."""
    files = built.files
    objects = tuple(each for _, each in built.objects)
    counted = objects if table.buckets is not None else files
    return TableEntry(
        name=table.name,
        description=table.description,
        location=address,
        partitioned=table.partition_key is not None,
        partition_key=table.partition_key,
        type=table.type,
        columns=tuple(
            ColumnEntry(column.name, column.description, column.type) for column in table.columns
        ),
        row_count=sum(file.rows for file in counted),
        bytes=sum(file.bytes for file in counted),
        files=len(files),
        sha256=_sha256_of_all(files) if table.buckets is None else _sha256_of_objects(objects),
        primary_key=table.primary_key,
        sort_order=table.sort_order,
        foreign_keys=table.foreign_keys,
        partition_count=None if table.partition_key is None else len(files),
        objects=objects,
        checks=tuple(CheckEntry(check, status) for check, status in made.checks),
        made_from=made.made_from,
    )


def _same_build(entry: TableEntry, before: Published) -> TableEntry:
    """The published entry if its content is the same, so that it keeps its build."""
    if entry.name not in before.registry:
        return entry
    old = before.registry[entry.name]
    return old if replace(old, built_at=None, build_id=None) == entry else entry


def _sha256_of_all(files: list[PublicFile]) -> str:
    """Content hash of a table: of its only file, or of the hashes of all."""
    if len(files) == 1 and files[0].key_value is None:
        return files[0].sha256
    lines = "".join(f"{file.sha256}  {file.path}\n" for file in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def _sha256_of_objects(objects: tuple[ObjectFile, ...]) -> str:
    """Content hash of a table without public files."""
    return hashlib.sha256("".join(f"{each.name}\n" for each in objects).encode()).hexdigest()


def _status(report: Report, newest_extract: datetime | None) -> dict[str, Any]:
    """Content of `cache_status.json` after a complete publish."""
    return {
        "checked_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "build": report.build,
        "newest_extract": None if newest_extract is None else newest_extract.isoformat(),
        "found": {
            "is_new_build": report.build != report.build_before,
            "files_added": len(report.added),
            "files_replaced": len(report.replaced),
            "files_removed": len(report.gone),
            "files_unchanged": report.unchanged,
            "objects_written": report.objects,
        },
    }


def _is_built(connection: duckdb.DuckDBPyConnection, node: dict[str, Any]) -> bool:
    query = "from duckdb_tables() where (schema_name, table_name) = (?, ?)"
    return connection.execute(query, [node["schema"], node["alias"]]).fetchone() is not None

"""The publish stage: audits the last build and publishes it.

Nothing is built in the root, and nothing is published that was not tested.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from biodata_cache._core import layout as _layout
from biodata_cache._core.errors import AuditError
from biodata_cache._core.settings import values as _settings
from biodata_cache._core.work_lock import work_locked
from biodata_cache._publish.build.artifacts import (
    MANIFEST,
    of_dbt,
    open_database,
    read_manifest,
    read_results,
    target_folder,
)
from biodata_cache._publish.build.audit import (
    audit,
    build_area,
    built_tables,
    check_run,
    without_rows,
)
from biodata_cache._publish.build.build_manifest import BuildManifest
from biodata_cache._publish.build.contract import published_tables, with_dynamic_columns
from biodata_cache._publish.build.table_entries import entry_of, same_build
from biodata_cache._publish.catalogue import profiles as _profiles
from biodata_cache._publish.catalogue.provenance import lineage, provenance
from biodata_cache._publish.last_publish import (
    LastPublish,
    is_audit_due,
    made_from,
    read_last,
    write_last,
)
from biodata_cache._publish.publication import Publication, Report
from biodata_cache._publish.rollback import check_not_rolled_back, rollback, rolled_back_to
from biodata_cache._publish.root_documents import (
    read_status,
    release,
    released,
    status_of,
    sweep,
    write_status,
)
from biodata_cache._publish.scratch import scratch_in
from biodata_cache._publish.snapshots import public_files as _public_files
from biodata_cache._publish.snapshots.builds import tidy_up
from biodata_cache._publish.snapshots.snapshot import OBJECT_BYTES, read_published, snapshot
from biodata_cache._storage.base import LEASE_SECONDS
from biodata_cache._storage.open import open_storage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import duckdb

    from biodata_cache._core.registry.entries import TableEntry
    from biodata_cache._core.settings.values import Settings
    from biodata_cache._publish.build.audit import BuiltTable
    from biodata_cache._publish.build.contract import Table
    from biodata_cache._publish.catalogue.provenance import Provenance
    from biodata_cache._publish.publication import Progress
    from biodata_cache._publish.snapshots.public_files import PublicFile
    from biodata_cache._publish.snapshots.snapshot import Published, Snapshot, Source
    from biodata_cache._storage.base import Storage

__all__ = ["Report", "publish", "rollback"]

_AS_OF = "int_as_of"
"""The model of how new the records are."""


@dataclass(frozen=True)
class Times:
    """Times that the status of a publish states.

    Attributes:
        now: The present time.
        last_reading: Returns when the source was last read completely before an instant: the tables
            are as new, also if no record has changed since.
    """

    now: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    last_reading: Callable[[datetime], datetime | None] | None = None

    def newest_extract(self, as_of: datetime | None, began_at: datetime) -> str | None:
        """How new the tables are, ISO 8601.

        Args:
            as_of: When their newest record was extracted.
            began_at: When they were built.
        """
        extracts = [as_of, self.last_reading(began_at) if self.last_reading else None]
        known = [each for each in extracts if each is not None]
        return max(known).isoformat() if known else None


def publish(
    settings: Settings,
    progress: Progress | None = None,
    *,
    only_built: bool = False,
    force: bool = False,
    full: bool = False,
    lease: float = LEASE_SECONDS,
    times: Times | None = None,
    object_bytes: int = OBJECT_BYTES,
) -> Report:
    """Publish the last build.

    Files that were written since the last publish are audited, and compared with what is published;
    once a week, or with `full`, all files are.

    Args:
        settings: Names the work folder and the root.
        progress: Receives progress after each file: files written, files to write, path.
        only_built: Publish only the tables of the last run and keep the others as published; by
            default the run must cover all tables.
        force: Publish even if the version was rolled back.
        full: Read every file again, those of the build and the published ones.
        lease: Seconds after which the lock of a publisher that was killed ends, on S3.
        times: Times that the status states.
        object_bytes: Size from which on the rows of a table are split into several objects.

    Raises:
        AuditError: If the last build failed, its files disagree with the contract, or the version
            was rolled back and `force` is not given. Nothing was published.
        BuildError: If there is no build.
        LockedError: If a build is at work in the work folder, or another publish to this root.
        SettingsError: If there is no root to publish to.
    """
    storage, work, times = open_storage(settings), settings.work.resolve(), times or Times()
    _check_built(work)
    folder = _layout.version_folder(_settings.installed_version())
    with work_locked(work), scratch_in(work, "publish"):
        audited_at = read_status(storage, folder).audited_at
        is_whole_audit = full or is_audit_due(audited_at, times.now)
        last = None if is_whole_audit else read_last(work, storage.address(folder))
        kept_for = (settings.keep_days, settings.grace_hours)
        decides = (folder, kept_for, settings.duckdb_wasm, only_built, object_bytes)
        origin = made_from(work, storage.address(), decides)
        if last is not None and last.made_from == origin:
            with storage.lease(_layout.LEASE, lease):
                if last.is_unchanged(storage, folder, times.now):
                    release(storage, folder)
                    report = _unchanged(storage, folder, last)
                    newest = times.newest_extract(last.as_of, last.began)
                    write_status(storage, folder, status_of(report, newest, times.now, audited_at))
                    return report
        manifest = BuildManifest(work, is_trusted=not is_whole_audit)
        build = _audited(work, manifest, only_built=only_built, object_bytes=object_bytes)
        manifest.write()
        with storage.lease(_layout.LEASE, lease) as held:
            sweep(storage, folder)
            released(storage)  # an index that cannot be read is no reason to stop halfway
            publication = _publication(storage, build, settings, last)
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
            wait = tidy_up(storage, *kept_for)
            if is_whole_audit and not only_built:
                audited_at = times.now.isoformat(timespec="seconds")
            newest = times.newest_extract(build.as_of, build.began_at)
            write_status(storage, folder, status_of(report, newest, times.now, audited_at))
            published = LastPublish(
                made_from=origin,
                unchanged=report.unchanged + report.written,
                as_of=build.as_of,
                began=build.began_at,
                tidy_at=None if math.isinf(wait) else times.now + timedelta(seconds=wait),
                files=publication.files,
                others=publication.others(),
            )
        write_last(work, storage.address(folder), published)
    return report


def plan(settings: Settings) -> Report:
    """Audit the last build, and find out what publishing it would change; nothing is written.

    Raises:
        AuditError: If the last build failed, or its files disagree with the contract.
        BuildError: If there is no build.
        LockedError: If a build is at work in the work folder.
        SettingsError: If there is no root to publish to.
    """
    storage, work = open_storage(settings), settings.work.resolve()
    _check_built(work)
    with work_locked(work):
        manifest = BuildManifest(work)
        build = _audited(work, manifest, only_built=False, object_bytes=OBJECT_BYTES)
        folder = build.area.name
        last = read_last(work, storage.address(folder))
        report = _publication(storage, build, settings, last).report
        if report.build != report.build_before:
            report.rolled_back_to = rolled_back_to(storage, folder)
        return report


def _check_built(work: Path) -> None:
    """Check that there is a build: a folder without one is not even locked."""
    try:
        is_there = (target_folder(work) / MANIFEST).is_file()
    except OSError:  # such as for a name that is too long
        is_there = False
    if not is_there:
        read_manifest(target_folder(work))


def _unchanged(storage: Storage, folder: str, last: LastPublish) -> Report:
    """The report of a publish that found nothing to do."""
    published = read_published(storage, folder)
    return Report(
        address=storage.address(folder),
        tables=published.registry.tables,
        unchanged=last.unchanged,
        build=published.build,
        build_before=published.build,
    )


@dataclass(frozen=True)
class _Build:
    """A build that passed the audit.

    Attributes:
        area: The version folder in the build area.
        built: The audited files of the tables to publish.
        built_at: When the tables were built.
        began_at: When the build began.
        as_of: When its newest record was extracted; None if unknown.
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


def _audited(work: Path, known: BuildManifest, *, only_built: bool, object_bytes: int) -> _Build:
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
        left_out = without_rows(connection, tables)
        every = [table for table in every if table not in left_out]
        tables = with_dynamic_columns(connection, [t for t in tables if t not in left_out])
        built = audit(
            connection,
            area,
            tables,
            is_whole=is_whole,
            manifest=known,
            object_bytes=object_bytes,
            left_out=left_out,
        )
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


def _publication(
    storage: Storage, build: _Build, settings: Settings, last: LastPublish | None
) -> Publication:
    before = read_published(storage, build.area.name)
    return Publication(
        storage,
        build.area.name,
        before,
        _snapshot(storage, build, before),
        known={} if last is None else last.files,
        duckdb_wasm=settings.duckdb_wasm,
    )


def _snapshot(storage: Storage, build: _Build, before: Published) -> Snapshot:
    """Registry, objects and public files of one build, ready to be published."""
    folder = build.area.name
    entries: list[TableEntry] = []
    files: list[PublicFile] = []
    objects: dict[str, Source] = {}
    sources: dict[str, Source] = {}
    known = {*build.built, *(entry.name for entry in before.registry)}
    tables = [each for each in build.tables if each.name in known or not each.is_optional]
    left = [table.name for table in tables if table.name not in build.built]
    published = _published_files(storage, before, left)
    for table in tables:
        built = build.built.get(table.name)
        if built is None:
            entries.append(before.registry[table.name])
            continue
        address = storage.address(f"{folder}/{table.path}").replace("\\", "/")
        entry = entry_of(table, address, built, build.provenance[table.name])
        entries.append(same_build(entry, before))
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
    """Public files of the tables that are not published anew."""
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


def _is_built(connection: duckdb.DuckDBPyConnection, node: dict[str, Any]) -> bool:
    query = "from duckdb_tables() where (schema_name, table_name) = (?, ?)"
    return connection.execute(query, [node["schema"], node["alias"]]).fetchone() is not None

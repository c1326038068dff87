"""The publish stage: audit what was built, then promote what changed, the version index last.

Nothing is built in the published place, and nothing is published that was not tested.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from biodata_cache._core.errors import AuditError, CacheNotFoundError
from biodata_cache._publish.artifacts import of_dbt, read_manifest, read_results, target_folder
from biodata_cache._publish.audit import audit, build_area, built_tables, check_run
from biodata_cache._publish.contract import (
    published_tables,
    with_dynamic_columns,
)
from biodata_cache._publish.promotion import (
    Builds,
    Goal,
    Journal,
    Promotion,
    Report,
    read_published,
    release,
)
from biodata_cache._publish.provenance import provenance
from biodata_cache._storage.base import LEASE_SECONDS, Content
from biodata_cache._storage.open import open_store

if TYPE_CHECKING:
    from pathlib import Path

    from biodata_cache._core.settings import Settings
    from biodata_cache._publish.audit import BuiltFile
    from biodata_cache._publish.contract import Table
    from biodata_cache._publish.promotion import Progress
    from biodata_cache._publish.provenance import Provenance
    from biodata_cache._storage.base import Store

__all__ = ["Report", "publish", "rollback"]


def publish(
    settings: Settings,
    progress: Progress | None = None,
    *,
    dry_run: bool = False,
    only_built: bool = False,
    lease: float = LEASE_SECONDS,
) -> Report:
    """Promote the last build to the published place.

    Args:
        settings: Where the build area and the published place are.
        progress: Told after each file: files written, files to write, path.
        dry_run: Only find out what would change.
        only_built: Publish the tables that the last run built, and leave the others as they are
            published; by default the run must be of all.
        lease: Seconds after which the lock of a publisher that was killed ends, on S3.

    Raises:
        AuditError: The last build failed, or its files disagree with the contract. Nothing was
            published.
        BuildError: There is no build.
        LockedError: Another publish to this root is at work.
        SettingsError: No root to publish to.
    """
    store = open_store(settings)
    work = settings.work.resolve()
    target = target_folder(work)
    manifest, results = read_manifest(target), read_results(target)
    with of_dbt(target):
        every = published_tables(manifest)
        tables = built_tables(manifest, results, every) if only_built else every
        is_whole = len(tables) == len(every)
        check_run(manifest, results, tables, is_whole=is_whole)
        came_about = provenance(manifest, results)
    tables = with_dynamic_columns(work, tables)
    every = [{table.name: table for table in tables}.get(table.name, table) for table in every]
    area = build_area(work, manifest)
    built = audit(work, area, tables, is_whole=is_whole)
    build = _Build(area, every, built, results["metadata"]["generated_at"], came_about)
    if dry_run:
        return Promotion(store, area.name, _goal(store, build)).report
    with store.lock(area.name, lease) as lock:
        store.sweep(area.name)
        promotion = Promotion(store, area.name, _goal(store, build))
        promotion.run(lock, progress)
        lock.check()
        release(store, area.name)
        Builds(store, area.name).trim(promotion.report.build, settings.keep_builds)
        promotion.finish()
    return promotion.report


def rollback(
    settings: Settings, progress: Progress | None = None, *, lease: float = LEASE_SECONDS
) -> Report:
    """Put the build back that was published before the last one.

    Args:
        settings: Where the published place is, and the version in it.
        progress: Told after each file: files written, files to write, path.
        lease: Seconds after which the lock of a publisher that was killed ends, on S3.

    Raises:
        CacheFileError: Not every file of that build is there any more. Nothing was changed.
        CacheNotFoundError: No earlier build is kept, or nothing is published.
        LockedError: A publish to this root is at work.
        SettingsError: No root.
    """
    store, folder = open_store(settings), settings.version_folder
    if read_published(store, folder).content is None:  # then not even a lock is written there
        raise CacheNotFoundError(
            f"There is no {folder} in {store.address()}: give the root, and with --version the "
            "version, of which a build is to be put back."
        )
    with store.lock(folder, lease) as lock:
        store.sweep(folder)
        now = read_published(store, folder)
        kept = Builds(store, folder)
        if Journal(store, folder).rollback == now.build:  # killed when all but tidying was done
            goal, earlier = Goal({}, list(now.entries.values()), now.content or b""), None
        else:
            earlier = kept.last(now.build)
            goal = kept.goal(earlier, now)
        promotion = Promotion(store, folder, goal, is_rollback=True)
        promotion.run(lock, progress)
        after = Builds(store, folder)
        after.forget(after.since(earlier or after.folder_of(now.build)))
        promotion.finish()
    return promotion.report


@dataclass(frozen=True)
class _Build:
    """A build that passed the audit.

    Attributes:
        area: The version folder in the build area.
        tables: All tables of the project.
        built: Files of those tables that are to be published.
        built_at: When they were built.
        provenance: How each table came about.
    """

    area: Path
    tables: list[Table]
    built: dict[str, list[BuiltFile]]
    built_at: str
    provenance: dict[str, Provenance]


def _goal(store: Store, build: _Build) -> Goal:
    """The state in which the version holds the build.

    Raises:
        AuditError: A table is neither built nor published.
    """
    folder = build.area.name
    old = read_published(store, folder).entries
    build_id = _build_id(build.built_at, build.built)
    entries, missing = [], []
    for table in build.tables:
        files = build.built.get(table.name)
        if files is not None:
            address = store.address(f"{folder}/{table.place}").replace("\\", "/")
            entry = _entry(table, address, files, build.built_at, build_id)
            entry |= build.provenance[table.name].as_entry()
            entries.append(_same_build(entry, old.get(table.name)))
        elif table.name in old:
            entries.append(old[table.name])
        else:
            missing.append(table.name)
    if missing:
        raise AuditError(
            f"{store.address(folder)} does not have {', '.join(missing)} yet: publish all tables "
            "once, then some of them."
        )
    data = {
        file.path: Content(file.bytes, file.sha256, build.area / file.path)
        for files in build.built.values()
        for file in files
    }
    return Goal.of(data, entries)


def _entry(
    table: Table, address: str, files: list[BuiltFile], built_at: str, build_id: str
) -> dict[str, Any]:
    """The registry entry of a table: what existing readers need, then what is ours."""
    entry: dict[str, Any] = {
        "name": table.name,
        "description": table.description,
        "location": address,
        "partitioned": table.partition_key is not None,
        "partition_key": table.partition_key,
        "type": table.type,
        "columns": [
            {"name": column.name, "description": column.description, "type": column.type}
            for column in table.columns
        ],
        "row_count": sum(file.rows for file in files),
        "bytes": sum(file.bytes for file in files),
        "files": len(files),
        "sha256": _sha256_of_all(files),
        "built_at": built_at,
        "build_id": build_id,
        "primary_key": list(table.primary_key),
        "sort_order": list(table.sort_order),
    }
    if table.partition_key is not None:
        entry["partitions"] = [
            {"value": file.value, "rows": file.rows, "bytes": file.bytes, "sha256": file.sha256}
            for file in files
        ]
    return entry


def _same_build(entry: dict[str, Any], old: dict[str, Any] | None) -> dict[str, Any]:
    """The old entry if nothing but the build changed: a table's build is the one that made it."""
    if old is None:
        return entry
    as_before = entry | {key: old.get(key) for key in ("built_at", "build_id")}
    return old if old == as_before else entry


def _build_id(built_at: str, built: dict[str, list[BuiltFile]]) -> str:
    """Name of a build: when it was made, and what it holds."""
    content = _sha256_of_all([file for files in built.values() for file in files])
    digits = "".join(
        character for character in built_at[:19] if character.isdigit() or character == "T"
    )
    return f"{digits}Z-{content[:8]}"


def _sha256_of_all(files: list[BuiltFile]) -> str:
    """Content hash of a table: of its only file, or of the hashes of all."""
    if len(files) == 1 and files[0].value is None:
        return files[0].sha256
    lines = "".join(f"{file.sha256}  {file.path}\n" for file in files)
    return hashlib.sha256(lines.encode()).hexdigest()

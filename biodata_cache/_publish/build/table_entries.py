"""The registry entries of tables, made of their contract, their audited files and provenance."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from biodata_cache._core.registry.entries import TableEntry

if TYPE_CHECKING:
    from biodata_cache._core.registry.entries import ObjectFile
    from biodata_cache._publish.build.audit import BuiltTable
    from biodata_cache._publish.build.contract import Table
    from biodata_cache._publish.catalogue.provenance import Provenance
    from biodata_cache._publish.snapshots.public_files import PublicFile
    from biodata_cache._publish.snapshots.snapshot import Published


def entry_of(table: Table, address: str, built: BuiltTable, made: Provenance) -> TableEntry:
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
        columns=table.columns,
        row_count=sum(file.rows for file in counted),
        bytes=sum(file.bytes for file in counted),
        files=len(files),
        sha256=_sha256_of_all(files) if table.buckets is None else _sha256_of_objects(objects),
        primary_key=table.primary_key,
        sort_order=table.sort_order,
        foreign_keys=table.foreign_keys,
        partition_count=None if table.partition_key is None else len(files),
        objects=objects,
        checks=made.checks,
        made_from=made.made_from,
    )


def same_build(entry: TableEntry, before: Published) -> TableEntry:
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

"""The tables as a Data Package (specs.frictionlessdata.io): schema, keys and foreign keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata_cache._core import layout as _layout
from biodata_cache._core.registry.document import as_json
from biodata_cache._publish.catalogue.database import paths_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biodata_cache._core.registry.entries import CacheRegistry, TableEntry
    from biodata_cache._publish.snapshots.public_files import PublicFile

_TYPES = {
    "BIGINT": "integer",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DOUBLE": "number",
    "INTEGER": "integer",
    "TIMESTAMP": "datetime",
    "TIMESTAMP WITH TIME ZONE": "datetime",
    "VARCHAR": "string",
}


def datapackage(
    version_folder: str, registry: CacheRegistry, files: Iterable[PublicFile], home: str
) -> bytes:
    """The Data Package of one build, with the address of the folder of all versions.

    A path of a Data Package leads into its folder or to another machine. A table in partitions
    has the addresses of its objects where the root is a bucket, and its public files elsewhere; one
    that has no public files is only in the package of a bucket.
    """
    paths: dict[str, list[str]] = {}
    for file in files:
        paths.setdefault(file.table_name, []).append(file.path)
    if "://" in home:
        for entry in registry:
            if entry.partition_key is not None or entry.name not in paths:
                paths[entry.name] = [f"{home}/{it}" for it in paths_of(version_folder, entry)]
    described = [entry for entry in registry if paths.get(entry.name)]
    names = {entry.name for entry in described}
    return as_json(
        {
            "profile": "data-package",
            "name": "biodata-cache",
            "title": "biodata-cache",
            "version": version_folder.removeprefix("bdc-v"),
            "created": registry.built_at,
            "resources": [_resource(entry, paths[entry.name], names) for entry in described],
        }
    )


def _resource(entry: TableEntry, paths: list[str], names: set[str]) -> dict[str, Any]:
    """One table; its foreign keys lead to tables of the package.

    Size and hash of a file are only in the registry: the tool of Data Package reports an error for
    them on every parquet file.
    """
    return {
        "name": entry.name,
        "profile": "data-resource" if len(paths) > 1 else "tabular-data-resource",
        "path": paths if len(paths) > 1 else paths[0],
        "format": "parquet",
        "mediatype": _layout.PARQUET_TYPE,
        "description": entry.description,
        "schema": {
            "fields": [
                {"name": column.name, "type": _type(column.type), "description": column.description}
                for column in entry.columns
            ],
            "primaryKey": list(entry.primary_key),
            "foreignKeys": [
                {
                    "fields": [key.column],
                    "reference": {
                        "resource": "" if key.table == entry.name else key.table,
                        "fields": [key.references],
                    },
                }
                for key in entry.foreign_keys
                if key.table in names
            ],
        },
    }


def _type(name: str | None) -> str:
    """The type of a field, of the type of a column."""
    if name is not None and name.endswith("[]"):
        return "array"
    return _TYPES.get(name or "", "any")

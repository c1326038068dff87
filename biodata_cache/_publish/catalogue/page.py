"""The catalogue: one page beside the tables that shows them to people.

The page needs nothing but itself. It is made from the registry, its list of public files and the
history alone, so that the page of a build is the same whenever it is made, and a rollback brings it
back with the registry.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from biodata_cache._core.names import TABLE_FUNCTIONS
from biodata_cache._core.settings import values as _settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from biodata_cache._core.registry.entries import CacheRegistry, TableEntry
    from biodata_cache._core.registry.history import PublishedBuild
    from biodata_cache._publish.public_files import PublicFile

_LARGEST = 10
"""Partitions that the page shows of a table; all of them are a query, `partitions(…)`."""


def largest(files: Iterable[PublicFile]) -> dict[str, list[PublicFile]]:
    """The largest partitions of each table, most rows first."""
    by_table: dict[str, list[PublicFile]] = {}
    for file in files:
        if file.key_value is not None:
            by_table.setdefault(file.table_name, []).append(file)
    return {
        name: sorted(some, key=lambda file: (-file.rows, file.path))[:_LARGEST]
        for name, some in by_table.items()
    }


def page(
    version_folder: str,
    registry: CacheRegistry,
    history: Sequence[PublishedBuild],
    partitions: Mapping[str, Sequence[PublicFile]],
) -> bytes:
    """The page of one build.

    Args:
        version_folder: Name of the version.
        registry: The registry.
        history: What was published until then, this build last.
        partitions: The largest partitions of each table that has some.
    """
    parts = {name: _part(f"page.{name}") for name in ("html", "css", "js")}
    filled = {
        "version": html.escape(version_folder),
        "style": parts["css"],
        "style hash": _source_hash(parts["css"]),
        "script": parts["js"],
        "script hash": _source_hash(parts["js"]),
        "data": _embedded(_data(version_folder, registry, history, partitions)),
    }
    filled_in = re.sub(r"\{\{([a-z ]+)\}\}", lambda match: filled[match[1]], parts["html"])
    return filled_in.encode()


def _data(
    version_folder: str,
    registry: CacheRegistry,
    history: Sequence[PublishedBuild],
    partitions: Mapping[str, Sequence[PublicFile]],
) -> dict[str, Any]:
    """What the script draws."""
    now = history[-1]
    return {
        "version": version_folder,
        "build": now.build,
        "built_at": now.built_at,
        "default_root": _settings.DEFAULT_S3_ROOT,
        "builds": [build.built_at for build in history],
        "tables": [_table(entry, history, partitions.get(entry.name, ())) for entry in registry],
    }


def _table(
    entry: TableEntry, history: Sequence[PublishedBuild], partitions: Sequence[PublicFile]
) -> dict[str, Any]:
    sizes = [build.tables.get(entry.name) for build in history]
    return {
        "name": entry.name,
        "description": entry.description,
        "location": entry.location,
        "partition_key": entry.partition_key,
        "type": entry.type,
        "columns": [
            [column.name, column.type or "", column.description] for column in entry.columns
        ],
        "rows": entry.row_count,
        "bytes": entry.bytes,
        "files": entry.files,
        "sha256": entry.sha256,
        "built_at": entry.built_at,
        "build": entry.build_id,
        "primary_key": entry.primary_key,
        "sort_order": entry.sort_order,
        "partitions": entry.partition_count,
        "largest": [[file.key_value, file.rows, file.bytes] for file in partitions],
        "checks": [[check.check, check.status] for check in entry.checks],
        "made_from": entry.made_from,
        "history": [size and [size.rows, size.bytes] for size in sizes],
        "has_function": entry.name in TABLE_FUNCTIONS,
    }


def _embedded(data: dict[str, Any]) -> str:
    """JSON that no HTML parser takes for the end of the element it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return re.sub(r"[<>&\u2028\u2029]", lambda match: f"\\u{ord(match[0]):04x}", text)


def _source_hash(text: str) -> str:
    """What the page's own policy calls the one style and the one script that it allows."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _part(name: str) -> str:
    return (files("biodata_cache._publish.catalogue") / "templates" / name).read_text(
        encoding="utf-8"
    )

"""The catalogue: one page beside the tables that shows them to people.

The page needs nothing but itself. It is made from the registry and the history alone, so that the
page of a build is the same whenever it is made, and a rollback brings it back with the registry.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from biodata_cache._core import settings as _settings
from biodata_cache._core.names import TABLE_FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from biodata_cache._core.history import PublishedBuild

PAGE_FILE = "index.html"


def page(
    version_folder: str, entries: Iterable[Mapping[str, Any]], history: Sequence[PublishedBuild]
) -> bytes:
    """The page of one build.

    Args:
        version_folder: Name of the version.
        entries: Entries of the registry.
        history: What was published until then, this build last.
    """
    parts = {name: _part(f"page.{name}") for name in ("html", "css", "js")}
    filled = {
        "version": html.escape(version_folder),
        "style": parts["css"],
        "style hash": _source_hash(parts["css"]),
        "script": parts["js"],
        "script hash": _source_hash(parts["js"]),
        "data": _embedded(_data(version_folder, entries, history)),
    }
    filled_in = re.sub(r"\{\{([a-z ]+)\}\}", lambda match: filled[match[1]], parts["html"])
    return filled_in.encode()


def _data(
    version_folder: str, entries: Iterable[Mapping[str, Any]], history: Sequence[PublishedBuild]
) -> dict[str, Any]:
    """What the script draws."""
    now = history[-1]
    return {
        "version": version_folder,
        "build": now.build,
        "built_at": now.built_at,
        "default_root": _settings.DEFAULT_S3_ROOT,
        "builds": [build.built_at for build in history],
        "tables": [_table(entry, history) for entry in entries],
    }


def _table(entry: Mapping[str, Any], history: Sequence[PublishedBuild]) -> dict[str, Any]:
    name = entry["name"]
    sizes = [build.tables.get(name) for build in history]
    partitions = entry.get("partitions")
    return {
        "name": name,
        "description": entry.get("description") or "",
        "location": str(entry["location"]),
        "partition_key": entry.get("partition_key"),
        "type": entry.get("type") or "",
        "columns": [
            [column["name"], column.get("type") or "", column.get("description") or ""]
            for column in entry["columns"]
        ],
        "rows": entry.get("row_count"),
        "bytes": entry.get("bytes"),
        "files": entry.get("files"),
        "sha256": entry.get("sha256"),
        "built_at": entry.get("built_at"),
        "build": entry.get("build_id"),
        "primary_key": entry.get("primary_key") or [],
        "sort_order": entry.get("sort_order") or [],
        "partitions": partitions
        and [[item["value"], item.get("rows"), item.get("bytes")] for item in partitions],
        "checks": [[check["check"], check["status"]] for check in entry.get("checks", ())],
        "made_from": entry.get("made_from") or {},
        "history": [size and [size.rows, size.bytes] for size in sizes],
        "has_function": name in TABLE_FUNCTIONS,
    }


def _embedded(data: dict[str, Any]) -> str:
    """JSON that no HTML parser takes for the end of the element it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return re.sub(r"[<>&\u2028\u2029]", lambda match: f"\\u{ord(match[0]):04x}", text)


def _source_hash(text: str) -> str:
    """What the page's own policy calls the one style and the one script that it allows."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _part(name: str) -> str:
    return (files("biodata_cache._publish") / "page" / name).read_text(encoding="utf-8")

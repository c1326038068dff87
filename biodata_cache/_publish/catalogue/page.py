"""The HTML pages that are published with the tables: the catalogue, and quality control.

They are self-contained; the catalogue reads objects where a browser allows that. They are made
from the registry, its objects and the history alone, so that the pages of a build are the same
whenever they are made, and a rollback brings them back with the registry.
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
from biodata_cache._publish.catalogue.profiles import Profiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from biodata_cache._core.registry.entries import CacheRegistry, TableEntry
    from biodata_cache._core.registry.history import PublishedBuild
    from biodata_cache._publish.snapshots.public_files import PublicFile

_LARGEST = 10
"""Partitions that the page shows of a table; all of them are a query, `partitions(…)`."""
_STYLES = ("shared/page.css", "rows/rows.css")
_CATALOGUE = (
    "shared/elements.js",
    "index/texts.js",
    "index/address.js",
    "index/locations.js",
    "index/history.js",
    "rows/source.js",
    "rows/choice.js",
    "rows/rows.js",
    "rows/sql.js",
    "rows/statistics.js",
    "rows/months.js",
    "index/lineage.js",
    "index/search.js",
    "index/overview.js",
    "index/table.js",
    "index/main.js",
)
_IMPORTS = {
    "@duckdb/duckdb-wasm": "@duckdb/duckdb-wasm/dist/duckdb-browser.mjs",
    "apache-arrow": "apache-arrow/Arrow.dom.mjs",
    "flatbuffers": "flatbuffers/mjs/flatbuffers.js",
    "tslib": "tslib/tslib.es6.mjs",
}
"""What DuckDB-WASM imports, by its path in a folder of npm packages."""
_QUALITY = ("shared/elements.js", "qc/qc.js")


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
    profiles: Profiles | None = None,
    *,
    modules: str = "",
) -> bytes:
    """The catalogue page of one build.

    Args:
        version_folder: Name of the version.
        registry: The registry.
        history: What was published until then, this build last.
        partitions: The largest partitions of each table that has some.
        profiles: What is known of the rows.
        modules: Address of a folder of npm packages with DuckDB-WASM; empty for a page without SQL.
    """
    known = profiles or Profiles()
    now = history[-1]
    data = {
        "version": version_folder,
        "build": now.build,
        "built_at": now.built_at,
        "default_root": _settings.DEFAULT_S3_ROOT,
        "builds": [build.built_at for build in history],
        "lineage": known.lineage,
        "modules": modules or None,
        "tables": [
            _table(entry, history, partitions.get(entry.name, ()), known.table(entry.name))
            for entry in registry
        ],
    }
    reader = (files("biodata_cache._publish.catalogue") / "vendor/hyparquet.min.js").read_text(
        encoding="utf-8"
    )
    imports = {name: f"{modules}/{path}" for name, path in _IMPORTS.items()}
    scripts = {"reader": reader, "imports": json.dumps({"imports": imports}) if modules else ""}
    return _filled("index/index.html", "", _CATALOGUE, data, scripts)


def quality_page(
    version_folder: str, history: Sequence[PublishedBuild], profiles: Profiles
) -> bytes:
    """The page of quality control of one build."""
    now = history[-1]
    nothing: dict[str, Any] = {
        "weeks": [], "projects": [], "projects_left_out": 0,
        "assets": [], "waiting": 0, "without_metrics": 0,
    }  # fmt: skip
    data = {
        "version": version_folder,
        "build": now.build,
        "built_at": now.built_at,
        "quality": profiles.quality or nothing,
    }
    return _filled("qc/qc.html", "Quality control · ", _QUALITY, data, {})


def _filled(
    template: str,
    title: str,
    modules: Sequence[str],
    data: dict[str, Any],
    scripts: Mapping[str, str],
) -> bytes:
    """A template with its head, its style, its scripts and its data."""
    script = "\n".join(map(_part, modules))
    texts = {"script": f'"use strict";\n(() => {{\n{script}}})();\n', **scripts}
    style = "\n".join(map(_part, _STYLES))
    imports = texts.get("imports")
    filled = {
        **texts,
        "version": html.escape(data["version"]),
        "title": title,
        "icon": _part("shared/icon.txt").strip(),
        "data": _embedded(data),
        "style": style,
        "policy": _policy(style, texts.values(), data.get("modules")),
        "imports": f'<script type="importmap">{imports}</script>\n' if imports else "",
    }
    body = _part(template).replace("{{head}}", _part("shared/head.html"))
    return re.sub(r"\{\{([a-z ]+)\}\}", lambda match: filled[match[1]], body).encode()


def _policy(style: str, scripts: Iterable[str], modules: str | None) -> str:
    """Content security policy: the page itself, objects of the root, and the modules for SQL."""
    allowed = [f"'{_source_hash(text)}'" for text in scripts if text]
    sources = ["'self'"]
    if modules:
        allowed += [f"{modules}/", "blob:", "'wasm-unsafe-eval'"]
        sources.append(f"{modules}/")
    rules = {
        "default-src": ["'none'"],
        "img-src": ["data:"],
        "style-src": [f"'{_source_hash(style)}'"],
        "script-src": allowed,
        "connect-src": sources,
        "worker-src": ["blob:" if modules else "'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(values)}" for name, values in rules.items())


def _table(
    entry: TableEntry,
    history: Sequence[PublishedBuild],
    partitions: Sequence[PublicFile],
    profile: Mapping[str, Any],
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
        "objects": [[each.name, each.rows, each.bytes] for each in entry.objects],
        "checks": [[check.check, check.status] for check in entry.checks],
        "made_from": entry.made_from,
        "history": [size and [size.rows, size.bytes] for size in sizes],
        "has_function": entry.name in TABLE_FUNCTIONS,
        "statistics": profile.get("columns", []),
        "sample": profile.get("sample", []),
        "months": profile.get("months"),
    }


def _embedded(data: dict[str, Any]) -> str:
    """JSON that cannot end the HTML element that contains it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return re.sub(r"[<>&\u2028\u2029]", lambda match: f"\\u{ord(match[0]):04x}", text)


def _source_hash(text: str) -> str:
    """What the page's own policy calls the styles and scripts that it allows."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _part(name: str) -> str:
    return (files("biodata_cache._publish.catalogue") / "templates" / name).read_text(
        encoding="utf-8"
    )

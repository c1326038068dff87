"""Asks what existing readers ask, in the DuckDB of each of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from answers import answers
from fragments import FRAGMENTS, TABLES, VALUES, filled, registration
from web import served

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fragments import Fragment
    from playwright.sync_api import Browser
    from web import Request
    from whole_runs import Pipeline

Answer = dict[str, Any]

HERE = Path(__file__).parent
INSTALLER = HERE.parents[1] / "scripts/install_duckdb_versions.sh"
ALL = ("asset_basics", *TABLES)


def tools() -> Path:
    """Where the installer leaves the other versions."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("BIODATA_TEST_TOOLS") or Path(cache) / "biodata-cache-tools")


def older() -> Path:
    """The older DuckDB for this Python."""
    found = re.search(r"^python_version=(\S+)$", INSTALLER.read_text(), re.MULTILINE)
    assert found is not None
    return tools() / f"duckdb-{found[1]}-{sys.implementation.cache_tag}"


def wasm_versions() -> list[str]:
    """Versions of DuckDB-WASM: the one that the web site has, and the last with parquet in it."""
    found = re.search(r'^wasm_versions="(.*)"$', INSTALLER.read_text(), re.MULTILINE)
    assert found is not None
    return found[1].split()


def extensions() -> list[Path]:
    """What the newer DuckDB-WASM fetches when it is first used; only DuckDB's own server has it."""
    found = re.search(r'^extensions="(.*)"$', INSTALLER.read_text(), re.MULTILINE)
    assert found is not None
    folder = tools() / "duckdb-wasm-extensions"
    return [folder / f"{name}.duckdb_extension.wasm" for name in found[1].split()]


def registrations(base: str) -> list[str]:
    """Statements that load all tables from a version folder."""
    return [registration(name, f"read_parquet('{base}/{name}.pqt')") for name in ALL]


def values(base: str) -> dict[str, str]:
    """What fragments name, of the cache in a version folder."""
    found = {"base": base}
    with duckdb.connect() as connection:
        for statement in registrations(base):
            connection.execute(statement)
        for name, query in VALUES.items():
            row = connection.execute(filled(query, found)).fetchone()
            found[name] = row[0] if row and row[0] is not None else "nobody"
    return found


def ask_here(base: str, values: Mapping[str, str]) -> dict[str, Answer]:
    """Answers of the current DuckDB, by fragment."""
    questions = [filled(fragment.sql, values) for fragment in FRAGMENTS]
    found = answers(registrations(base), questions)
    return {fragment.name: answer for fragment, answer in zip(FRAGMENTS, found, strict=True)}


def ask_older(base: str, values: Mapping[str, str]) -> tuple[str, list[Answer]]:
    """Version and answers of the older DuckDB, which is a process of its own."""
    questions = [filled(fragment.sql, values) for fragment in FRAGMENTS]
    done = subprocess.run(
        [sys.executable, str(HERE / "answers.py")],
        input=json.dumps([registrations(base), questions]),
        env={**os.environ, "PYTHONPATH": str(older())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    version, found = json.loads(done.stdout)
    return version, found


def page_of(version: str) -> str:
    """A page that can import DuckDB-WASM, with what it imports, from the folder of tools."""
    modules = f"/duckdb-wasm-{version}/node_modules"
    imports = {
        "duckdb": f"{modules}/@duckdb/duckdb-wasm/dist/duckdb-browser.mjs",
        "apache-arrow": f"{modules}/apache-arrow/Arrow.dom.mjs",
        "flatbuffers": f"{modules}/flatbuffers/mjs/flatbuffers.js",
        "tslib": f"{modules}/tslib/tslib.es6.mjs",
    }
    return (
        '<!doctype html><title>DuckDB-WASM</title><link rel="icon" href="data:,">'
        f'<script type="importmap">{json.dumps({"imports": imports})}</script>'
    )


def ask_wasm(
    browser: Browser,
    version: str,
    root: Path,
    folder: str,
    questions: Sequence[str],
    *,
    arrow: Path | None = None,
) -> tuple[str, list[Answer], list[Request]]:
    """Version and results of DuckDB-WASM, and its requests to the bucket.

    Args:
        browser: Where it runs.
        version: Its version.
        root: Folder that is served as a bucket, from another origin than the page.
        folder: Path of the version folder in it.
        questions: With `{base}` for the address of the version folder.
        arrow: A folder of tables that are handed to it, instead of those in the bucket.
    """
    page = browser.new_page(timezone_id="UTC")
    outside: list[str] = []
    page.on(
        "request",
        lambda request: (
            outside.append(request.url)
            if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:"))
            else None
        ),
    )
    with (
        served(tools(), page=page_of(version)) as site,
        served(root) as bucket,
        served(arrow or root) as streams,
    ):
        base = f"{bucket.address}/{folder}"
        if arrow is None:
            tables, statements = [], registrations(base)
        else:
            tables = [(f"arrow_{name}", f"{streams.address}/{name}.arrow") for name in ALL]
            statements = [registration(name, f"arrow_{name}") for name in ALL]
        page.goto(site.address)
        modules = f"{site.address}/duckdb-wasm-{version}/node_modules"
        repository = f"{site.address}/duckdb-wasm-extensions"
        found, answered = page.evaluate(
            (HERE / "answers.js").read_text(),
            {
                "dist": f"{modules}/@duckdb/duckdb-wasm/dist",
                "extensions": None if arrow else repository,
                "tables": tables,
                "statements": statements,
                "questions": [question.replace("{base}", base) for question in questions],
            },
        )
    page.close()
    assert outside == []
    return found, answered, bucket.requests


def write_arrow(base: Path, folder: Path) -> Path:
    """The tables of a version folder as Arrow streams."""
    folder.mkdir()
    for name in ALL:
        table = pq.read_table(base / f"{name}.pqt")
        with pa.ipc.new_stream(folder / f"{name}.arrow", table.schema) as stream:
            stream.write_table(table)
    return folder


def write_without_values(published: Pipeline, folder: Path, rows: int) -> Path:
    """Every published table with its types, and so many rows in which all is missing."""
    folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        for entry in published.registry():
            types = [(column["name"], column["type"]) for column in entry["columns"]]
            names = ", ".join(f'null::{kind} as "{name}"' for name, kind in types)
            place = str(entry["location"]).rstrip("/").rpartition("/")[2]
            values = published.partitions(entry["name"])
            paths = [
                f"{place}/{entry['partition_key']}={value}/data.pqt"
                for value in (*(value for value in values if value.isidentifier()), "nobody")
            ]
            for path in paths if entry["partitioned"] else [place]:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                connection.execute(
                    f"copy (select {names} from range({rows})) "
                    f"to '{folder / path}' (format parquet)"
                )
    return folder


def check(
    fragment: Fragment, answer: Answer, values: Mapping[str, str], *, has_rows: bool = True
) -> None:
    """The reader that asks so can use the answer."""
    assert "error" not in answer, answer["error"]
    assert {name: answer["types"][name] for name in fragment.types} == dict(fragment.types)
    if has_rows:
        fragment.holds(answer["rows"], values)

"""Existing readers in the DuckDB that they have: an older one, and two in a browser.

The web site has DuckDB-WASM 1.32.0, which is DuckDB 1.4.3. It fetches the part that reads parquet
from DuckDB's own server when it is first used. Where that part could be had, it reads the files
from a bucket; in any case it gets the tables as Arrow, and an older DuckDB-WASM, which has that
part in it, reads the files.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import consumers
import pytest
from fragments import FRAGMENTS, filled

if TYPE_CHECKING:
    from pathlib import Path

    from fragments import Fragment
    from playwright.sync_api import Browser
    from whole_runs import Pipeline

pytestmark = pytest.mark.slow

NEW_WASM, OLD_WASM = consumers.wasm_versions()


@dataclass(frozen=True)
class Cache:
    """A published version to query.

    Attributes:
        root: Folder that a bucket would be.
        folder: Path of the version folder in it.
        values: What fragments name.
        has_rows: Whether there is something in it.
    """

    root: Path
    folder: str
    values: dict[str, str]
    has_rows: bool

    @property
    def base(self) -> Path:
        return self.root / self.folder


@pytest.fixture(scope="module", params=["sample", "empty", "unknown"])
def cache(
    request: pytest.FixtureRequest, sample: Pipeline, tmp_path_factory: pytest.TempPathFactory
) -> Cache:
    """The sample, and two caches with the types of its tables: no rows, and rows of NULLs."""
    folder = f"data-asset-cache/{sample.published.name}"
    root = sample.published.parents[1]
    if request.param != "sample":
        root = tmp_path_factory.mktemp(request.param)
        rows = 2 if request.param == "unknown" else 0
        consumers.write_without_values(sample, root / folder, rows)
    values = consumers.values(str(root / folder))
    assert ("nobody" in values.values()) == (request.param != "sample")
    return Cache(root, folder, values, request.param == "sample")


@pytest.fixture(scope="module")
def here(cache: Cache) -> dict[str, Any]:
    """Answers of the current DuckDB."""
    return consumers.ask_here(str(cache.base), cache.values)


def _required(path: Path) -> None:
    if not path.exists():
        pytest.skip(f"there is no {path.name}: run make servers")


def _problems(
    cache: Cache, fragments: list[Fragment], answers: list[Any], here: dict[str, Any]
) -> dict[str, str]:
    """What is wrong with an answer, or differs from that of the current DuckDB."""
    problems = {}
    for fragment, answer in zip(fragments, answers, strict=True):
        expected = here[fragment.name]
        try:
            consumers.check(fragment, answer, cache.values, has_rows=cache.has_rows)
            assert answer["types"] == expected["types"]
            assert len(answer["rows"]) == len(expected["rows"])
            if not fragment.differs:
                assert _comparable(answer["rows"]) == _comparable(expected["rows"])
        except AssertionError as error:
            problems[fragment.name] = str(error)[:600]
    return problems


def _comparable(rows: list[dict[str, Any]]) -> list[str]:
    """Rows in an order of their own: engines differ in that of rows that are equal in theirs.

    The microseconds of a time suffer on the way out of the older DuckDB-WASM, its milliseconds
    do not.
    """

    def number(value: object) -> object:
        if not isinstance(value, (int, float)):
            return value
        return math.floor(value + 0.0005) if abs(value) > 1e9 else round(float(value), 6)

    return sorted(repr([(name, number(value)) for name, value in row.items()]) for row in rows)


def test_current_duckdb(cache: Cache, here: dict[str, Any]) -> None:
    assert _problems(cache, list(FRAGMENTS), list(here.values()), here) == {}


def test_older_duckdb(cache: Cache, here: dict[str, Any]) -> None:
    _required(consumers.older())
    version, answers = consumers.ask_older(str(cache.base), cache.values)
    assert version == "1.4.3"
    assert _problems(cache, list(FRAGMENTS), answers, here) == {}


def _ask(
    browser: Browser,
    cache: Cache,
    version: str,
    fragments: list[Fragment],
    arrow: Path | None = None,
) -> tuple[str, list[Any], list[Any]]:
    values = cache.values | {"base": "{base}"}
    questions = [filled(fragment.sql, values) for fragment in fragments]
    return consumers.ask_wasm(browser, version, cache.root, cache.folder, questions, arrow=arrow)


def test_wasm_that_reads_files(browser: Browser, cache: Cache, here: dict[str, Any]) -> None:
    _required(consumers.tools() / f"duckdb-wasm-{OLD_WASM}")
    fragments = [fragment for fragment in FRAGMENTS if not fragment.needs_icu]
    version, answers, requests = _ask(browser, cache, OLD_WASM, fragments)
    assert version == "v0.9.1"
    assert _problems(cache, fragments, answers, here) == {}
    # It opens a file by asking for its head as if for all of it, and reads it in parts.
    heads = {(it.range, it.status) for it in requests if it.method == "HEAD"}
    assert ("bytes=0-", 206) in heads
    assert {(it.method, it.status) for it in requests if it.method != "HEAD"} == {("GET", 206)}


def test_wasm_of_the_web_site_with_tables_as_arrow(
    browser: Browser, cache: Cache, here: dict[str, Any], tmp_path: Path
) -> None:
    _required(consumers.tools() / f"duckdb-wasm-{NEW_WASM}")
    arrow = consumers.write_arrow(cache.base, tmp_path / "arrow")
    fragments = [it for it in FRAGMENTS if not it.needs_icu and not it.reads_files]
    version, answers, _ = _ask(browser, cache, NEW_WASM, fragments, arrow)
    assert version == "v1.4.3"
    assert _problems(cache, fragments, answers, here) == {}


def test_wasm_of_the_web_site_that_reads_files(
    browser: Browser, cache: Cache, here: dict[str, Any]
) -> None:
    _required(consumers.tools() / f"duckdb-wasm-{NEW_WASM}")
    if not all(path.exists() for path in consumers.extensions()):
        pytest.skip("DuckDB's own server was not asked for its extensions")
    version, answers, _ = _ask(browser, cache, NEW_WASM, list(FRAGMENTS))
    assert version == "v1.4.3"
    assert _problems(cache, list(FRAGMENTS), answers, here) == {}

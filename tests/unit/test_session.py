"""Caches side by side, and the one that the settings name."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from published_cache import Published

import biodata_cache
from biodata_cache import ArgumentError, Cache, CacheNotFoundError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def two(cache: Published, tmp_path: Path) -> tuple[Cache, Cache]:
    """The cache that the settings name, and another; each with its own table."""
    other = Published(tmp_path / "other", version="0.60.0")
    other.folder.mkdir(parents=True)
    cache.plain("assets", "select 'here' as name")
    other.plain("assets", "select 'there' as name")
    return Cache(), Cache(other.root, version="0.60.0")


READS: dict[str, Callable[[Cache], Any]] = {
    "scan": lambda cache: cache.scan("assets").df()["name"].tolist(),
    "relation": lambda cache: [name for (name,) in cache.scan("assets").duckdb().fetchall()],
    "sql": lambda cache: cache.sql("from assets")["name"].tolist(),
    "connect": lambda cache: [name for (name,) in cache.connect().sql("from assets").fetchall()],
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_two_caches_are_read_side_by_side(
    two: tuple[Cache, Cache], read: Callable[[Cache], Any]
) -> None:
    here, there = two
    with ThreadPoolExecutor(8) as pool:
        result = list(pool.map(read, [here, there] * 20))
    assert result == [["here"], ["there"]] * 20
    assert biodata_cache.assets()["name"].tolist() == ["here"]


def test_what_describes_a_cache_is_its_own(two: tuple[Cache, Cache]) -> None:
    here, there = two
    assert [cache.table_info("assets").version for cache in two] == ["bdc-v0.50.0", "bdc-v0.60.0"]
    assert here.tables().names == there.tables().names == ["assets"]
    assert here.table_info("assets").location != there.table_info("assets").location
    assert there.versions() == []


def test_custom_tables_are_kept_beside_their_cache(two: tuple[Cache, Cache]) -> None:
    here, there = two
    there.custom("mine", pd.DataFrame({"a": [1]}))
    assert there.custom("mine")["a"].tolist() == [1]
    with pytest.raises(biodata_cache.CustomNotFoundError):
        here.custom("mine")


def test_a_cache_stays_what_it_was_when_the_settings_change(
    two: tuple[Cache, Cache], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = two
    scan = here.scan("assets")
    monkeypatch.setenv("BIODATA_CACHE_ROOT", "nowhere")
    assert here.sql("from assets")["name"].tolist() == ["here"]
    assert scan.df()["name"].tolist() == ["here"]
    with pytest.raises(CacheNotFoundError):
        biodata_cache.assets()


def test_a_cache_shows_what_it_names(two: tuple[Cache, Cache]) -> None:
    _, there = two
    assert repr(there).endswith("other, bdc-v0.60.0>")


@pytest.mark.parametrize("version", ["", " ", 0.5])
def test_a_version_that_is_no_text_is_refused(cache: Published, version: Any) -> None:
    with pytest.raises(ArgumentError, match="version must be a text"):
        Cache(version=version)


def test_a_root_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(SettingsError, match="give a folder"):
        Cache("gs://bucket")


def test_reading_imports_nothing_that_builds(cache: Published) -> None:
    cache.plain("assets", "select 'a' as name")
    code = (
        "import sys, biodata_cache\n"
        "biodata_cache.assets(); biodata_cache.sql('from assets'); biodata_cache.connect()\n"
        "print(*(name for name in sys.modules if 'biodata_cache._p' in name or 'extract' in name))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []


def test_the_command_line_leaves_the_environment_alone(two: tuple[Cache, Cache]) -> None:
    from click.testing import CliRunner

    from biodata_cache._cli import cli

    before = dict(os.environ)
    there = str(Path(before["BIODATA_CACHE_ROOT"]).parent / "other")
    arguments = ["read", "assets", "--root", there, "--version", "0.60.0", "--json"]
    done = CliRunner().invoke(cli, arguments)
    assert '"there"' in done.output
    assert dict(os.environ) == before

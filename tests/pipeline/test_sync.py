"""Updating from Python: everything, some tables, and tables of one process alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb
import pandas as pd
import pytest

import biodata_cache
from biodata_cache import (
    ArgumentError,
    AuditError,
    SettingsError,
    TableNotFoundError,
    sync,
)
from biodata_cache._core.settings import values as _settings
from biodata_cache._pipeline.extract_stage import run_extract
from extract.lake.lake import Lake

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("BIODATA_CACHE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("BIODATA_CACHE_SOURCE", "sample")
    monkeypatch.setenv("BIODATA_CACHE_ROOT", str(tmp_path / "root"))
    monkeypatch.setenv("BIODATA_CACHE_WORK", str(tmp_path / "work"))
    return tmp_path / "root/data-asset-cache"


SLOW_TABLES = {
    "behavior_curriculum",
    "foraging_sessions",
    "metadata_upgrade",
    "metadata_upgrade_history",
    "platform_dynamic_foraging_events",
    "platform_dynamic_foraging_sessions",
    "platform_dynamic_foraging_trials",
    "platform_exaspim",
    "platform_exaspim_intermediates",
    "platform_smartspim",
    "platform_smartspim_qc_metrics",
}
#: No record changes it.
BY_HAND = {"swdb_collections"}


@pytest.mark.slow
def test_all_tables_one_of_them_fast_ones_and_slow_ones(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Updates of one work folder, of which dbt parses the project in the first alone."""
    all_tables_then_one_of_them(root, tmp_path, monkeypatch)
    fast_tables_and_then_slow_ones(tmp_path, monkeypatch)


def all_tables_then_one_of_them(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AuditError, match=r"does not have .* yet, or .*publish all tables once"):
        sync.update_all_tables(tables=["source_data"])
    assert not root.joinpath("cache_versions.json").exists()
    outcome = sync.update_all_tables()
    assert outcome.published is not None
    assert len(outcome.published.tables) == len(biodata_cache.get_cache_registry()) > 15
    before = biodata_cache.get_cache_registry()
    checked = json.loads((root / "cache_status.json").read_text())["versions"]
    again = sync.update_all_tables()
    assert [one.nothing_to_build for one in (outcome, again)] == [False, True]
    assert again.published is not None
    assert again.published.build == outcome.published.build
    checked_again = json.loads((root / "cache_status.json").read_text())["versions"]
    for version, status in checked.items():
        assert checked_again[version]["newest_extract"] > status["newest_extract"]
    # Records that change both tables: only the selected one follows.
    with (tmp_path / "none.jsonl").open("w") as file:
        file.write(json.dumps({"_id": "1", "name": "one", "schema_version": "2.0.0"}) + "\n")
    monkeypatch.setenv("BIODATA_CACHE_SOURCE", str(tmp_path / "none.jsonl"))
    sync.update_all_tables(tables=["source_data"])
    assert len(biodata_cache.source_data()) == 0
    after = biodata_cache.get_cache_registry()
    assert after["asset_basics"] == before["asset_basics"]
    assert after["source_data"] != before["source_data"]
    assert len(biodata_cache.asset_basics()) == before["asset_basics"].row_count


def fast_tables_and_then_slow_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all records one is left, so that every table that is built anew is another one."""
    first = biodata_cache.get_cache_registry()
    assert len(biodata_cache.platform_smartspim()) > 0
    with (tmp_path / "one.jsonl").open("w") as file:
        file.write(json.dumps({"_id": "1", "name": "two", "schema_version": "2.0.0"}) + "\n")
    monkeypatch.setenv("BIODATA_CACHE_SOURCE", str(tmp_path / "one.jsonl"))
    monkeypatch.setenv("BIODATA_CACHE_OBJECTS", str(tmp_path))

    fast = sync.update_all_tables(slow=False)
    assert fast.objects is None, "no object is probed"
    second = biodata_cache.get_cache_registry()
    kept = {entry.name for entry in second if entry == first[entry.name]}
    assert kept == SLOW_TABLES | BY_HAND
    assert biodata_cache.asset_basics()["name"].to_list() == ["two"]

    slow = sync.update_all_tables(fast=False)
    assert slow.objects is not None
    third = biodata_cache.get_cache_registry()
    assert len(biodata_cache.platform_smartspim()) == 0
    kept = {entry.name for entry in third if entry == second[entry.name]}
    assert "source_data" in kept
    assert not kept & SLOW_TABLES
    gone = {entry.name for entry in second} - {entry.name for entry in third}
    assert gone == {name for name in SLOW_TABLES if name.startswith("platform_dynamic_foraging_")}
    with pytest.raises(TableNotFoundError, match="platform_dynamic_foraging_trials"):
        biodata_cache.platform_dynamic_foraging_trials("0451")


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ({"tables": ["asset_basic"]}, TableNotFoundError, "Nearest: 'asset_basics'"),
        ({"tables": []}, ArgumentError, "empty"),
        ({"fast": False, "slow": False}, ArgumentError, "nothing to update"),
    ],
)
def test_what_cannot_be_updated_is_refused(root, arguments, error, named) -> None:
    with pytest.raises(error, match=named):
        sync.update_all_tables(**arguments)


def test_without_a_root_to_publish_to(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BIODATA_CACHE_ROOT")
    with pytest.raises(SettingsError, match="no root to publish to"):
        sync.update_all_tables()


@pytest.mark.slow
def test_memory_is_built_when_it_is_first_read(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("BIODATA_CACHE_ROOT")
    monkeypatch.setenv("BIODATA_CACHE_BACKEND", "memory")
    frame = pd.DataFrame({"tags": [["a"]]})
    biodata_cache.custom("mine", frame)
    assert capsys.readouterr().err == "", "custom tables need no build"
    basics = biodata_cache.asset_basics()
    assert len(basics) > 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "building the tables from 'sample' in memory" in printed.err
    assert printed.err.count("\n") == 1
    assert len(biodata_cache.quality_control()) > 0
    assert biodata_cache.get_cache_versions() != []
    assert capsys.readouterr().err == "", "once for the process"
    pd.testing.assert_frame_equal(biodata_cache.custom("mine"), frame)
    assert not root.exists()


def test_memory_without_what_building_needs_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['dbt'] = None; sys.modules['msgspec'] = None\n"
        "import biodata_cache\n"
        "try: biodata_cache.asset_basics()\n"
        "except biodata_cache.MissingDependencyError as error: print(error)\n"
    )
    environment = {"BIODATA_CACHE_BACKEND": "MEMORY", "BIODATA_CACHE_SOURCE": "sample"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "biodata-cache[sync]" in done.stdout
    assert "failed" in done.stderr


def test_records_of_one_s_own_leave_nothing_of_the_sample(tmp_path: Path) -> None:
    def extract(source: str) -> None:
        run_extract(_settings.load(source=source, work=str(tmp_path)), lambda *_: None)

    def rows(lake: str) -> int:
        files = str(tmp_path / "raw" / lake / "*.parquet")
        (count,) = duckdb.execute(
            "select count(*) from read_parquet(?, union_by_name = true)", [files]
        ).fetchone() or (-1,)
        return int(count)

    extract("sample")
    assert rows("docdb_v1") > 0
    assert rows("foraging_sessions") > 0
    (tmp_path / "own.jsonl").write_text('{"_id": "own", "name": "own"}\n')
    extract(str(tmp_path / "own.jsonl"))
    assert rows("docdb_v1") == 0
    assert rows("foraging_sessions") == 0
    with Lake(tmp_path / "raw", "docdb_v2").state() as state:
        assert list(state.rows("select _id from live")) == [("own",)]

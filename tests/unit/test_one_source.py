"""A lake is of one source, also after a run that ended halfway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click.testing import CliRunner

from biodata_cache._cli import cli
from extract.lake.lake import Lake

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def sources(raw: Path, collection: str) -> set[str]:
    with Lake(raw, collection).state() as state:
        return set(state.sources)


def test_a_run_that_ends_halfway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = tmp_path / "work" / "raw"
    given = ["extract", "--work", str(tmp_path / "work"), "--source"]
    assert CliRunner().invoke(cli, [*given, "sample:20"]).exit_code == 0
    names = ("foraging_sessions", "upgrade_status", "platform_dynamic_foraging_trials")
    tables = [raw / name for name in names]
    assert sources(raw, "docdb_v1") == {"sample:20"}
    before = [len(list(table.glob("*.parquet"))) for table in tables]

    (tmp_path / "own.jsonl").write_text('{"_id": "a", "name": "alpha"}\n')
    (tmp_path / "own_v1.jsonl").write_text("<html>503</html>\n")
    monkeypatch.setenv("BIODATA_CACHE_V1_SOURCE", str(tmp_path / "own_v1.jsonl"))
    ended = CliRunner().invoke(cli, [*given, str(tmp_path / "own.jsonl")])
    assert (ended.exit_code, "own_v1.jsonl has not one usable" in ended.stderr) == (1, True)
    assert sources(raw, "docdb_v2") == {"file:own.jsonl"}
    assert sources(raw, "docdb_v1") == set()
    after = [len(list(table.glob("*.parquet"))) for table in tables]
    assert (before, after) == ([2, 2, 2], [1, 1, 1]), "but for the schema"

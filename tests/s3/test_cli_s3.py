"""The commands that came with S3, on a local root."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from built import Build
from click.testing import CliRunner

from biodata_cache._cli import cli
from biodata_cache._publish.publish import publish

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def build(tmp_path: Path) -> Build:
    return Build(tmp_path / "work", str(tmp_path / "root"))


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, arguments)
    return result.exit_code, result.stdout


def test_dry_run_lists_files_on_stdout(build: Build) -> None:
    publish(build.make({"1": "a", "2": "a"}).settings)
    build.make({"1": "b", "3": "a"}, built_at="2026-01-02T00:00:00Z")
    code, out = run("publish", "--dry-run", "--root", build.root, "--work", str(build.work))
    assert code == 0
    assert out.splitlines() == [
        "+ qc/subject_id=3/data.pqt",
        "~ qc/subject_id=1/data.pqt",
        "~ cache_registry/quality_control.json",
        "~ cache_registry.json",
        "~ cache_history.json",
        "~ index.html",
        "- qc/subject_id=2/data.pqt",
    ]


def test_rollback(build: Build) -> None:
    publish(build.make({"1": "a"}).settings)
    publish(build.make({"1": "b"}, built_at="2026-01-02T00:00:00Z").settings)
    assert run("rollback", "--root", build.root) == (0, "")
    assert run("rollback", "--root", build.root)[0] == 1

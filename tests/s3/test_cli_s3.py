"""The commands that came with S3, on a local root."""

from __future__ import annotations

import json
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
        "~ qc.html",
        "~ biodata_cache.duckdb",
        "~ datapackage.json",
        "~ croissant.json",
        "- qc/subject_id=2/data.pqt",
    ]


def test_rollback(build: Build) -> None:
    publish(build.make({"1": "a"}).settings)
    publish(build.make({"1": "b"}, built_at="2026-01-02T00:00:00Z").settings)
    assert run("rollback", "--root", build.root) == (0, "")
    assert run("rollback", "--root", build.root)[0] == 1


def test_a_rollback_to_a_build_and_what_follows(build: Build) -> None:
    for day in (1, 2, 3):
        publish(build.make({"1": f"{day}"}, built_at=f"2026-01-0{day}T00:00:00Z").settings)
    code, out = run("rollback", "--list", "--root", build.root)
    assert code == 0
    names = [line.split()[0] for line in out.splitlines()[1:]]
    assert [name[:8] for name in names] == ["20260101", "20260102", "20260103"]
    assert out.splitlines()[3].endswith("live")
    assert run("rollback", "--to", "20260109", "--root", build.root)[0] == 1
    assert run("rollback", "--to", "20260101", "--root", build.root)[0] == 0
    options = ("--root", build.root, "--work", str(build.work))
    result = CliRunner().invoke(cli, ["publish", *options])
    assert result.exit_code == 1
    assert f"was rolled back to {names[0]}" in result.stderr
    assert "--force" in result.stderr
    assert CliRunner().invoke(cli, ["status", *options]).stdout.count("needs --force") == 1
    sync = CliRunner().invoke(cli, ["sync", "--source", "sample:5", *options])
    assert sync.exit_code == 1
    assert "--force" in sync.stderr
    assert run("publish", "--force", *options)[0] == 0
    assert run("publish", *options)[0] == 0, "once is enough"
    code, out = run("rollback", "--list", "--json", "--root", build.root)
    assert json.loads(out)[-1] == {"build": names[2], "is_live": True}


def files_check(build: Build, *options: str) -> tuple[int, str]:
    given = ["doctor", "--root", build.root, "--json", *options]
    result = CliRunner().invoke(cli, given)
    texts = [each["text"] for each in json.loads(result.stdout) if each["name"] == "files"]
    return result.exit_code, "".join(texts)


def test_doctor_compares_every_file_and_the_next_publish_mends(build: Build) -> None:
    publish(build.make({"1": "a", "2": "a"}).settings)
    assert files_check(build) == (0, "4 objects and 13 public files are what the registry says")
    home = build.area.parents[3] / "root/data-asset-cache"
    folder = home / build.area.name
    registry = json.loads((folder / "cache_registry.json").read_text())
    (entry,) = (entry for entry in registry["tables"] if entry["name"] == "quality_control")
    damaged = home / ".objects" / entry["objects"][0]["name"]
    content = damaged.read_bytes()
    damaged.write_bytes(content[:-1] + b"?")
    (folder / "qc/subject_id=2/data.pqt").write_bytes(b"?")
    (folder / "qc.json").unlink()
    code, text = files_check(build)
    assert code == 1
    for name in (f".objects/{damaged.name}", "qc/subject_id=2/data.pqt", "qc.json"):
        assert name in text
    assert "publish again" in text
    assert files_check(build, "--quick") == (0, "")
    publish(build.settings)
    assert damaged.read_bytes() == content
    assert files_check(build)[0] == 0
    publish(build.make({"1": "b"}, built_at="2026-01-02T00:00:00Z").settings)
    damaged.write_bytes(b"?")
    code, text = files_check(build)
    assert code == 1
    assert f".objects/{damaged.name}" in text
    assert "earlier builds" in text

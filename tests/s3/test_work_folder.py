"""A work folder that is damaged, in use, or not to be written: one clear error with the path."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from built import Build
from click.testing import CliRunner, Result

from biodata_cache import Cache
from biodata_cache._cli import cli

DAMAGE = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "garbage": lambda path: path.write_bytes(b"\xff\x00garbage" * 2000),
    "folder": lambda path: (path.unlink(), path.mkdir()),
}
JSON_DAMAGE = {
    text[:80]: lambda path, text=text: path.write_text(text)
    for text in (
        "{}", "[]", "null", "5", '"text"', "[" * 200_000, '{"metadata": 1}', '{"results": 3}',
        '{"metadata": {"invocation_id": "x", "generated_at": 1}, "elapsed_time": 1, "results": {}}',
        '{"metadata": {"invocation_id": "x"}, "nodes": {"a": 5}}',
        '{"metadata": {"invocation_id": "x"}, "nodes": {"a": {"name": 1, "resource_type": 2}}}',
    )
}  # fmt: skip


@pytest.fixture
def build(tmp_path: Path) -> Build:
    return Build(tmp_path / "work", str(tmp_path / "root")).make({"1": "a", "2": "b"})


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def publish(build: Build) -> Result:
    return run("publish", "--root", build.root, "--work", str(build.work))


def is_refused_clearly(done: Result, path: Path | str) -> None:
    assert done.exit_code == 1, (done.output, done.exception)
    assert isinstance(done.exception, SystemExit), done.exception
    assert str(path) in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: ")


@pytest.mark.parametrize("damage", DAMAGE | JSON_DAMAGE)
@pytest.mark.parametrize("name", ["manifest.json", "run_results.json"])
def test_damaged_artifacts_of_dbt(build: Build, name: str, damage: str) -> None:
    path = build.work / "target" / name
    (DAMAGE | JSON_DAMAGE)[damage](path)
    done = publish(build)
    is_refused_clearly(done, "two different runs" if "two" in done.stderr else path.parent)
    assert not Path(build.root).exists()


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_database(build: Build, damage: str) -> None:
    path = build.work / "build.duckdb"
    DAMAGE[damage](path)
    is_refused_clearly(publish(build), path)
    assert not Path(build.root).exists()


def test_a_database_that_is_open_elsewhere(build: Build) -> None:
    path = build.work / "build.duckdb"
    code = f"import duckdb; c = duckdb.connect({str(path)!r}); print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        done = publish(build)
        other.communicate(b"\n")
    is_refused_clearly(done, path)
    assert "open in another process" in done.stderr
    assert publish(build).exit_code == 0


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", ["assets.pqt", "qc/subject_id=1/data.pqt"])
def test_a_damaged_file_of_the_build_area(build: Build, name: str, damage: str) -> None:
    DAMAGE[damage](build.area / name)
    is_refused_clearly(publish(build), build.area)
    assert not Path(build.root).exists()


def test_names_that_are_too_long(build: Build) -> None:
    name = str(build.work / ("x" * 300))
    for arguments in (
        ("publish", "--root", build.root, "--work", name),
        ("publish", "--root", name, "--work", str(build.work)),
        ("build", "--work", name),
        ("build", "--work", str(build.work), "--raw", name),
        ("extract", "--source", "sample:5", "--work", name),
    ):
        done = run(*arguments)
        assert done.exit_code in {1, 2}, (arguments, done.exception)
        assert isinstance(done.exception, SystemExit), (arguments, done.exception)
        assert name[:200] in done.stderr, arguments


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    assert run("extract", "--source", "sample:5", "--work", str(tmp_path / "w")).exit_code == 0
    for folder in (tmp_path / "w", tmp_path / "w/raw"):
        folder.chmod(0o555)
        is_refused_clearly(run("build", "--work", str(tmp_path / "w")), folder)
        folder.chmod(0o755)


def test_a_work_folder_that_is_a_file(tmp_path: Path) -> None:
    assert run("extract", "--source", "sample:5", "--work", str(tmp_path / "w")).exit_code == 0
    (tmp_path / "file").write_text("")
    raw = str(tmp_path / "w/raw")
    is_refused_clearly(run("build", "--work", str(tmp_path / "file"), "--raw", raw), "file")
    shutil.rmtree(tmp_path / "w/raw/.readers", ignore_errors=True)
    (tmp_path / "w/raw/.readers").write_text("")
    is_refused_clearly(run("build", "--work", str(tmp_path / "w")), tmp_path / "w/raw")


@pytest.mark.parametrize("value", ["abc", "3 apples", "-1", "80%", "3"])
def test_memory_that_is_no_size(build: Build, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("BIODATA_CACHE_MEMORY", value)
    done = run("build", "--work", str(build.work))
    assert done.exit_code == 2
    assert f"BIODATA_CACHE_MEMORY is {value!r}" in done.stderr


@pytest.mark.parametrize("name", ["a*b", "a[x]b", "a'b"])
def test_a_work_folder_that_is_a_pattern_is_published_alone(tmp_path: Path, name: str) -> None:
    for folder, subjects in (("axb", {"3": "z"}), (name, {"1": "x", "2": "y"})):
        root = str(tmp_path / "roots" / folder)
        done = publish(Build(tmp_path / folder, root).make(subjects))
        assert done.exit_code == 0, done.stderr
    cache = Cache(root=str(tmp_path / "roots" / name))
    found = cache.sql("select subject_id from quality_control")
    assert sorted(found["subject_id"]) == ["1", "2"]

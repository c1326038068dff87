"""What the README says is true: each of its commands is run, and its generated part is fresh."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb
import pytest
from readme import BIN, MAKE_THE_SAMPLE, PROJECT, README, blocks, commands, run

from biodata_cache._core.settings.table import SETTINGS

if TYPE_CHECKING:
    from pathlib import Path

    from whole_runs import Pipeline


@pytest.fixture(scope="module")
def folder(sample: Pipeline) -> Path:
    """Where the commands of the README were run, in their order."""
    for command in commands():
        if command.startswith("biodata-cache") and not command.startswith(MAKE_THE_SAMPLE):
            run(shlex.split(command), sample.folder)
    return sample.folder


def test_every_command_is_known_to_these_tests() -> None:
    # `make test` is what runs here, and CI runs the two commands of a new user as they stand.
    assert commands() == [
        "make sync",
        "make test",
        "make sync SOURCE=records.jsonl.gz ROOT=cache",
        "biodata-cache extract --source sample",
        "biodata-cache build",
        "biodata-cache publish --root published",
        "biodata-cache tables --root published",
        "biodata-cache versions --root published",
        "biodata-cache status --root published",
        "biodata-cache doctor --root published",
        "biodata-cache read qc_status --where status=Fail --columns name,fail_count "
        "--root published",
        'biodata-cache sql "select status, count(*) from qc_status group by status" '
        "--root published",
    ]


def test_commands_publish_the_sample(folder: Path) -> None:
    assert (folder / "published/data-asset-cache/cache_versions.json").is_file()
    assert (
        "quality_control" in run(["biodata-cache", "tables", "--root", "published"], folder).stdout
    )


def test_python_block_reads_it(folder: Path) -> None:
    (block,) = blocks("python")
    script = block + "print(len(fiber), len(metrics), len(failed))"
    output = run([sys.executable, "-c", script], folder, BIODATA_CACHE_ROOT="published").stdout
    assert all(int(number) > 0 for number in output.split())


def test_sql_block_reads_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = blocks("sql")
    monkeypatch.chdir(folder)
    assert duckdb.sql(block).fetchall()


def test_make_installs_again_when_the_version_changes(tmp_path: Path) -> None:
    (tmp_path / ".installed").touch()
    make = ["make", "-n", "-C", str(PROJECT), f"VENV={tmp_path}", "sync"]
    assert "pip install" not in run(make, tmp_path).stdout
    assert "pip install" in run([*make, "-W", "dbt_project.yml"], tmp_path).stdout


def test_make_sync_takes_a_source_and_a_root(tmp_path: Path) -> None:
    """What it then runs is a command that other tests run; `.ci/run` runs it by make."""
    stamp = BIN.parent / ".installed"
    make = ["make", "-n", "-C", str(PROJECT), "-o", str(stamp), f"VENV={BIN.parent}", "sync"]
    source, root = tmp_path / "my records.jsonl.gz", tmp_path / "cache"
    done = run([*make, f"SOURCE={source}", f"ROOT={root}"], tmp_path)
    command = f'{BIN}/biodata-cache sync --source "{source}" --root "{root}"'
    assert command in done.stdout.splitlines()


@pytest.mark.slow
def test_dbt_build_alone_makes_the_build_area(folder: Path, tmp_path: Path) -> None:
    """In a checkout with a filled lake, without any Python of ours in between."""
    assert "`dbt build --profiles-dir .`" in README
    done = subprocess.run(
        [
            *("dbt", "build", "--profiles-dir", ".", "--log-path", str(tmp_path)),
            *("--exclude-resource-type", "unit_test"),  # make test-sql runs them so
        ],
        cwd=PROJECT,
        env=os.environ
        | {
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "BIODATA_CACHE_WORK": str(tmp_path / "work"),
            "BIODATA_CACHE_RAW": str(folder / "work/raw"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    built, published = (
        {
            path.relative_to(area).as_posix(): path.read_bytes()
            for path in area.glob("bdc-v*/**/*.pqt")
        }
        for area in (
            tmp_path / "work/cache/data-asset-cache",
            folder / "published/data-asset-cache",
        )
    )
    assert built == published


def test_make_help_lists_the_targets() -> None:
    listed = run(["make", "-C", str(PROJECT), "help"], PROJECT).stdout
    assert {"sync", "test", "lint", "bench", "docs", "clean"} <= {
        line.split()[0] for line in listed.splitlines() if line.startswith("  ")
    }


def test_every_setting_is_listed() -> None:
    read = set()
    for folder in ("biodata_cache", "extract", "macros", "models"):
        for path in (PROJECT / folder).rglob("*.*"):
            if path.suffix in {".py", ".sql", ".yml"}:
                text = path.read_text()
                read |= set(re.findall(r"BIODATA_CACHE_[A-Z0-9_]*[A-Z0-9]", text))
    read |= set(re.findall(r"BIODATA_CACHE_[A-Z_]*[A-Z]", (PROJECT / "profiles.yml").read_text()))
    read |= {setting.variable for setting in SETTINGS.values()}
    assert "BIODATA_CACHE_ROOT" in read
    assert {name for name in read if f"`{name}`" not in README} == set()

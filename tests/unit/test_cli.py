"""The command line: exit codes, messages, and what goes to stdout."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from biodata_cache._cli import cli

if TYPE_CHECKING:
    from pathlib import Path

    from published_cache import Published

COMMANDS = sorted(cli.commands)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def test_commands() -> None:
    assert {"extract", "build", "publish", "sync", "tables", "versions"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example_that_parses(command: str) -> None:
    outcome = run(command, "--help")
    assert outcome.exit_code == 0
    examples = [
        shlex.split(line)
        for line in outcome.stdout.splitlines()
        if f" biodata-cache {command}" in line
    ]
    examples = [words for words in examples if words[0] == "biodata-cache"]
    assert examples
    for words in examples:
        context = cli.commands[command].make_context(command, words[2:])
        assert context.params


def test_version() -> None:
    assert run("--version").stdout.startswith("biodata-cache, version ")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["sync", "--source", "sample"], "BIODATA_CACHE_ROOT"),
        (["publish"], "BIODATA_CACHE_ROOT"),
        (["extract", "--source", "sample:x"], "sample:x"),
        (["extract", "--source", "ftp://host"], "ftp://"),
        (["extract", "--source", "sample", "--raw", "gs://bucket/raw"], "gs://bucket/raw"),
        (["tables", "--root", "x", "--version", "latest"], "latest"),
        (["tables", "--nonsense"], "--nonsense"),
        (["nonsense"], "nonsense"),
    ],
)
def test_wrong_use_is_exit_code_2_and_names_the_value(
    arguments: list[str], part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = run(*arguments)
    assert outcome.exit_code == 2
    assert part in outcome.stderr
    assert outcome.stdout == ""
    assert not (tmp_path / ".biodata-cache").exists()


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["extract", "--source", "no-such-file.jsonl"], "no-such-file.jsonl"),
        (["build"], "biodata-cache extract"),
        (["publish", "--root", "out"], "biodata-cache build"),
        (["tables", "--root", "nowhere"], "nowhere"),
    ],
)
def test_failure_is_exit_code_1_and_says_what_to_do(
    arguments: list[str], part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = run(*arguments)
    assert outcome.exit_code == 1
    last = outcome.stderr.splitlines()[-1]
    assert last.startswith("error: ")
    assert part in last
    assert outcome.stdout == ""


def test_option_wins_over_the_environment(
    cache: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIODATA_CACHE_ROOT", "elsewhere")
    assert run("tables", "--root", str(cache.root)).exit_code == 0
    assert run("tables").exit_code == 1


def test_tables_as_json(qc_cache: Published) -> None:
    (table,) = json.loads(run("tables", "--json").stdout)
    assert table["name"] == "quality_control"
    assert table["partition_key"] == "subject_id"


def test_rejects_are_counted_and_located(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"_id": "1"}\nbroken\n')
    outcome = run("extract", "--source", str(tmp_path / "a.jsonl"), "--work", str(tmp_path / "w"))
    assert outcome.exit_code == 0
    assert "1 rejected" in outcome.stderr
    assert "rejects" in outcome.stderr
    assert outcome.stdout == ""


def test_output_that_is_no_terminal_has_no_colours_and_no_progress(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "biodata_cache", "extract", "--source", "sample:20"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    assert "\x1b" not in done.stderr
    lines = done.stderr.splitlines()
    begun = [line.partition(" ")[2] for line in lines[:3]]
    assert begun == ["extract: begins", "extract v1: begins", "objects: begins"]
    assert [line.partition(":")[0] for line in lines[3:]] == [
        "extract",
        "extract v1",
        "objects",
        "objects",
        "upgrades",
    ]


def test_without_its_dependencies_the_command_line_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise ImportError(name='click')")
    done = subprocess.run(
        [sys.executable, "-m", "biodata_cache", "--help"],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "biodata-cache[cli]" in done.stderr
    assert "Traceback" not in done.stderr

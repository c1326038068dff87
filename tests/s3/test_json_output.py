"""What every command prints with `--json` is as its schema in docs/schemas says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from built import Build
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from biodata_cache._cli import cli

SCHEMAS = Path(__file__).parents[2] / "docs/schemas"
RUNS = {"extract", "build", "publish", "rollback", "sync"}


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Published twice, so that there is something to list, to compare and to put back."""
    folder = tmp_path_factory.mktemp("json")
    build = Build(folder / "work", str(folder / "root")).make({"1": "a", "2": "b"})
    assert printed(build, "publish")[0] == 0
    build.make({"1": "a", "3": "b"}, built_at="2026-01-02T00:00:00Z")
    assert printed(build, "publish")[0] == 0
    return build


def printed(build: Build, *arguments: str) -> tuple[int, str]:
    known = {option for each in cli.commands[arguments[0]].params for option in each.opts}
    place = {"--root": build.root, "--work": str(build.work)}
    options = [text for name, value in place.items() if name in known for text in (name, value)]
    done = CliRunner().invoke(cli, [*arguments, *options, "--json"])
    return done.exit_code, done.stdout


def check(schema: str, content: Any) -> None:
    validator = Draft202012Validator(
        json.loads((SCHEMAS / f"{schema}.json").read_text()),
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )
    assert [error.message for error in validator.iter_errors(content)] == []


LOOKING = {
    ("tables",): "tables",
    ("tables", "quality_control"): "table",
    ("versions",): "versions",
    ("builds",): "builds",
    ("partitions", "quality_control"): "partitions",
    ("changes", "quality_control", "--since", "2026-01-01T12:00:00Z"): "rows",
    ("read", "assets"): "rows",
    ("sql", "select 1 as one"): "rows",
    ("status",): "status",
    ("status", "--max-age", "9000w"): "status",
    ("status", "--max-age", "1s"): "status",
    ("doctor",): "doctor",
    ("runs", "--last"): "run",
}


@pytest.mark.parametrize("arguments", LOOKING, ids=" ".join)
def test_commands_that_look(build: Build, arguments: tuple[str, ...]) -> None:
    check(LOOKING[arguments], json.loads(printed(build, *arguments)[1]))


def test_runs(build: Build, tmp_path: Path) -> None:
    source = tmp_path / "records"
    source.mkdir()
    (source / "a.jsonl").write_text('{"_id": "1"}\nbroken\n')
    missing = ("extract", "--source", str(tmp_path / "none"))
    for code, arguments in (
        (0, ("extract", "--source", "sample:20")),
        (0, ("extract", "--source", "sample:20", "--dry-run")),
        (0, ("extract", "--source", str(source), "--raw", str(tmp_path / "raw"))),
        (1, (*missing, "--raw", str(tmp_path / "raw"))),
        (0, ("sync", "--source", "sample:20", "--dry-run")),
        (1, ("sync", "--source", str(tmp_path / "none"))),
        (1, ("build", "--raw", str(tmp_path / "none"))),
        (0, ("publish", "--dry-run")),
        (0, ("publish",)),
        (0, ("rollback",)),
        (1, ("rollback",)),
    ):
        exit_code, text = printed(build, *arguments)
        assert exit_code == code, (arguments, text)
        check("run", json.loads(text))
    code, text = printed(build, "runs")
    assert code == 0
    assert len(json.loads(text)) >= 8
    for report in json.loads(text):
        check("run", report)


def test_every_command_with_json_has_a_schema() -> None:
    with_json = {
        name
        for name, command in cli.commands.items()
        if any("--json" in each.opts for each in command.params)
    }
    assert with_json == RUNS | {"runs"} | {arguments[0] for arguments in LOOKING}
    assert {path.stem for path in SCHEMAS.iterdir()} == {*LOOKING.values()}

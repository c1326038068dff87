"""What every command prints with `--json` is as its schema in docs/schemas says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from built import Build
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from biodata_cache._cli import cli
from biodata_cache._core.layout import LEASE
from biodata_cache._storage.open import open_storage

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


DAMAGES = ["no root", "a file as root", "another place", "damaged registry", "damaged versions"]
SHOWN = {arguments: schema for arguments, schema in LOOKING.items() if arguments[0] != "runs"}


@pytest.mark.parametrize("damage", DAMAGES)
def test_commands_that_cannot_look(build: Build, tmp_path: Path, damage: str) -> None:
    """They print what their schema says, or nothing but the cause, which goes to stderr."""
    root = tmp_path / "root"
    damaged = Build(build.work, "gs://x/y" if damage == "another place" else str(root))
    if damage == "a file as root":
        root.write_text("x")
    elif damage.startswith("damaged"):
        shutil.copytree(build.root, root)
        name = "cache_registry.json" if damage == "damaged registry" else "cache_versions.json"
        for path in root.rglob(name):
            path.write_text('{"tables": [{"name": 5}]}')
    failed = 0
    for arguments, schema in SHOWN.items():
        code, text = printed(damaged, *arguments)
        failed += code != 0
        if text or code == 0:
            check(schema, json.loads(text))
    assert failed >= (1 if damage == "damaged versions" else 10)


def test_runs_that_fail(build: Build, tmp_path: Path) -> None:
    """A report on stdout, with the cause, whatever ended the command."""
    raw, source = tmp_path / "raw", tmp_path / "a.jsonl"
    source.write_text('{"_id": "1"}\n')
    extract = ("extract", "--source", str(source), "--raw", str(raw), "--objects", "none")
    assert printed(build, *extract)[0] == 0
    (raw / "docdb_v2/files.json").write_text("{}")
    elsewhere = Build(tmp_path / "work", str(tmp_path / "root"))
    in_a_file = Build(source, str(source))
    for damaged, arguments, cause in (
        (build, extract, "files.json"),
        (build, ("build", "--raw", str(raw)), "files.json"),
        (elsewhere, ("sync", *extract[1:]), "files.json"),
        (elsewhere, ("build",), "holds no records"),
        (elsewhere, ("publish",), "build first"),
        (elsewhere, ("rollback",), "There is no"),
        *((in_a_file, (name,), str(source)) for name in ("build", "publish", "rollback")),
        *((in_a_file, (name, *extract[1:3]), str(source)) for name in ("extract", "sync")),
    ):
        code, text = printed(damaged, *arguments)
        assert code == 1, (arguments, text)
        report = json.loads(text)
        check("run", report)
        assert report["status"] == "failed"
        assert cause in report["error"]["message"], (arguments, report["error"])


def test_a_publish_without_its_lock_reports_that(build: Build) -> None:
    with open_storage(build.settings).lease(LEASE, 180):
        for arguments in (("publish",), ("rollback",)):
            code, text = printed(build, *arguments)
            report = json.loads(text)
            check("run", report)
            assert (code, report["error"]["kind"]) == (1, "LockedError")


def test_every_command_with_json_has_a_schema() -> None:
    with_json = {
        name
        for name, command in cli.commands.items()
        if any("--json" in each.opts for each in command.params)
    }
    assert with_json == RUNS | {"runs"} | {arguments[0] for arguments in LOOKING}
    assert {path.stem for path in SCHEMAS.iterdir()} == {*LOOKING.values()}

"""`--strict` makes exit code 1 of whatever the report of a run warns of, and of nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from biodata_cache._cli import cli

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SOUND = '{"_id":"a","name":"alpha"}\n{"_id":"b","name":"beta"}\n{"_id":"c"}\n'


def run(folder: Path, *arguments: str) -> Result:
    given = ["--source", str(folder / "records"), "--work", str(folder / "work"), "--json"]
    return CliRunner().invoke(cli, ["extract", *given, *arguments])


def write(folder: Path, content: str, name: str = "one.jsonl") -> None:
    (folder / "records").mkdir(exist_ok=True)
    (folder / "records" / name).write_text(content)


def a_file_breaks_off(folder: Path) -> None:
    write(folder, SOUND[:-4])


def a_file_is_gone(folder: Path) -> None:
    (folder / "records" / "two.jsonl").unlink()


def a_new_version_cannot_be_used(folder: Path) -> None:
    write(folder, SOUND.replace('"name":"beta"', '"name":01'))


def a_new_record_cannot_be_used(folder: Path) -> None:
    write(folder, SOUND + '{"_id":"d","name":01}\n')


def a_value_is_repaired(folder: Path) -> None:
    write(folder, SOUND + '{"_id":"d","subject":{"x":NaN}}\n')


def a_file_of_the_lake_is_damaged(folder: Path) -> None:
    (path,) = (folder / "work/raw/docdb_v2").glob("*.parquet")
    path.write_bytes(path.read_bytes()[:-9])


CASES = [
    a_file_breaks_off,
    a_file_is_gone,
    a_new_version_cannot_be_used,
    a_new_record_cannot_be_used,
    a_value_is_repaired,
    a_file_of_the_lake_is_damaged,
]


@pytest.mark.parametrize("happens", CASES, ids=lambda happens: happens.__name__)
def test_a_warning_ends_with_exit_code_1(happens: Callable[[Path], None], tmp_path: Path) -> None:
    write(tmp_path, SOUND)
    write(tmp_path, '{"_id":"y"}\n{"_id":"z"}\n', "two.jsonl")
    write(tmp_path, '{"_id":"v"}\n{"_id":"w"}\n{"_id":"x"}\n', "three.jsonl")
    sound = run(tmp_path, "--strict")
    assert (sound.exit_code, json.loads(sound.stdout)["warnings"]) == (0, [])
    happens(tmp_path)
    strict = run(tmp_path, "--strict")
    report = json.loads(strict.stdout)
    assert (strict.exit_code, report["status"]) == (1, "failed")
    assert report["warnings"]
    assert report["warnings"][0] in report["error"]["message"]
    assert "--strict" in strict.stderr


def test_without_it_a_warning_is_none(tmp_path: Path) -> None:
    write(tmp_path, SOUND)
    assert run(tmp_path).exit_code == 0
    a_new_version_cannot_be_used(tmp_path)
    lenient = run(tmp_path)
    assert lenient.exit_code == 0
    assert any(
        "stay as the lake holds them" in each for each in json.loads(lenient.stdout)["warnings"]
    )

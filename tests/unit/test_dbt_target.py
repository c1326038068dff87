"""What dbt has parsed serves the very same project, packages, settings and arguments alone."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from biodata_cache._core.errors import BuildError
from biodata_cache._pipeline.dbt.target import ParsedProject

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENVIRONMENT = {"BIODATA_CACHE_MEMORY": "3GB", "DBT_DEFER": "false", "HOME": "/home/a"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    for name in ("macros", "models/staging", "seeds", "tests/data"):
        (folder / name).mkdir(parents=True)
    (folder / "dbt_project.yml").write_text("name: a")
    (folder / "models/staging/a.sql").write_text("select 1")
    return folder


@pytest.fixture
def parsed(tmp_path: Path, project: Path) -> ParsedProject:
    """After a run that came to its end."""
    return run(
        ParsedProject(tmp_path / "work", project, ENVIRONMENT, ["build"], tmp_path / "a/copies")
    )


def run(parsed: ParsedProject, content: bytes = b"what dbt has parsed") -> ParsedProject:
    parsed.prepare()
    parsed.path.parent.mkdir(parents=True, exist_ok=True)
    if not parsed.path.exists():
        parsed.path.write_bytes(content)
    parsed.keep()
    return replace(parsed)


def copies(parsed: ParsedProject) -> list[Path]:
    assert parsed.copies is not None
    return sorted(parsed.copies.iterdir())


def is_parsed(parsed: ParsedProject) -> bool:
    """Whether a run need not parse."""
    parsed.prepare()
    return parsed.path.exists()


def test_the_same_is_kept(parsed: ParsedProject) -> None:
    assert is_parsed(replace(parsed, environment=ENVIRONMENT | {"HOME": "/home/b"}, copies=None))


def test_after_a_run_that_was_killed_nothing_is_kept(parsed: ParsedProject) -> None:
    without_copies = replace(parsed, copies=None)
    without_copies.prepare()
    assert not is_parsed(without_copies)


@pytest.mark.parametrize(
    "change",
    [
        lambda project: (project / "models/staging/a.sql").write_text("select 2"),
        lambda project: (project / "models/staging/a.sql").rename(project / "models/staging/b.sql"),
        lambda project: (project / "tests/data/no_rows.sql").write_text("select 1 limit 0"),
        lambda project: (project / "selectors.yml").write_text("selectors: []"),
    ],
    ids=["changed model", "renamed model", "new test", "new selectors"],
)
def test_another_project_is_parsed_anew(
    parsed: ParsedProject, change: Callable[[Path], object]
) -> None:
    change(parsed.project)
    assert not is_parsed(parsed)


@pytest.mark.parametrize("name", ["BIODATA_CACHE_MEMORY", "DBT_DEFER", "DBT_SELECT"])
def test_with_other_settings_it_is_parsed_anew(parsed: ParsedProject, name: str) -> None:
    assert not is_parsed(replace(parsed, environment=ENVIRONMENT | {name: "another"}))


def test_with_other_arguments_it_is_parsed_anew(parsed: ParsedProject) -> None:
    assert not is_parsed(replace(parsed, arguments=["build", "--target", "spark"]))


def test_what_a_run_by_hand_has_parsed_is_not_used(parsed: ParsedProject) -> None:
    parsed.path.write_bytes(b"what dbt has parsed by hand")
    assert not is_parsed(replace(parsed, copies=None))
    parsed.path.parent.mkdir()
    parsed.path.write_bytes(b"what dbt has parsed by hand")
    assert is_parsed(parsed)
    assert parsed.path.read_bytes() == b"what dbt has parsed"


def test_a_run_that_parsed_nothing_leaves_nothing(tmp_path: Path, project: Path) -> None:
    ParsedProject(tmp_path / "work", project, ENVIRONMENT, (), tmp_path / "copies").keep()
    assert not (tmp_path / "work").exists()
    assert not (tmp_path / "copies").exists()


def test_a_project_that_changes_while_dbt_runs_leaves_nothing(
    tmp_path: Path, project: Path
) -> None:
    parsed = ParsedProject(tmp_path / "work", project, ENVIRONMENT, (), tmp_path / "copies")
    parsed.prepare()
    parsed.path.parent.mkdir(parents=True)
    parsed.path.write_bytes(b"of either")
    (project / "models/staging/a.sql").write_text("select 2")
    parsed.keep()
    assert not is_parsed(replace(parsed))
    assert not (tmp_path / "copies").exists()


def test_what_is_in_the_way_is_named(tmp_path: Path, project: Path) -> None:
    (tmp_path / "target").write_text("a file")
    with pytest.raises(BuildError, match=f"{tmp_path}/target is in the way of a new build"):
        ParsedProject(tmp_path, project, ENVIRONMENT).prepare()


def test_another_work_folder_takes_a_copy(parsed: ParsedProject, tmp_path: Path) -> None:
    paths = {"BIODATA_CACHE_WORK": "/b", "BIODATA_CACHE_RAW": "/c", "BIODATA_CACHE_ROOT": "s3://d"}
    other = replace(parsed, work=tmp_path / "other", environment=ENVIRONMENT | paths)
    assert is_parsed(other)
    other.keep()
    assert is_parsed(replace(other, copies=None))
    again = run(replace(parsed, work=tmp_path / "own", copies=None), b"parsed again")
    replace(again, copies=parsed.copies).keep()
    assert len(copies(parsed)) == 1
    assert not is_parsed(replace(parsed, work=tmp_path / "a third", copies=None))


@pytest.mark.parametrize("damage", [b"", b"what dbt has", b"What dbt has parsed"])
def test_a_damaged_copy_is_removed(parsed: ParsedProject, tmp_path: Path, damage: bytes) -> None:
    copies(parsed)[0].write_bytes(damage)
    assert not is_parsed(replace(parsed, work=tmp_path / "other"))
    assert not copies(parsed)


def test_copies_that_cannot_be_written_are_none(parsed: ParsedProject, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    other = replace(parsed, work=tmp_path / "other", copies=tmp_path / "file/copies")
    assert is_parsed(run(other))
    assert (tmp_path / "file").read_bytes() == b""


def test_copies_used_last_stay(parsed: ParsedProject) -> None:
    (first,) = copies(parsed)
    for number in range(12):
        unused = first.with_name(f"{number}-{number}.msgpack")
        unused.touch()
        os.utime(unused, (number + 1, number + 1))
    os.utime(first, (0, 0))
    assert is_parsed(replace(parsed, work=parsed.work / "another"))  # which uses it
    run(replace(parsed, arguments=["another"]))
    left = {path.name for path in copies(parsed)}
    assert len(left) == 8
    assert first.name in left
    assert {f"{number}-{number}.msgpack" for number in range(6, 12)} <= left


def test_parsing_reads_no_setting_and_no_path(dbt_work: Path, manifest: dict[str, Any]) -> None:
    from dbt.contracts.graph.manifest import Manifest  # two seconds, of every process of the tests

    content = (dbt_work / "target/partial_parse.msgpack").read_bytes()
    parsed = Manifest.from_msgpack(content)
    assert len(parsed.nodes) == len(manifest["nodes"]) > 100
    assert not parsed.env_vars
    assert os.fsencode(dbt_work) not in content

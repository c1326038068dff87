"""What dbt has parsed serves the very same project, packages and settings, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from biodata_cache._core.errors import BuildError
from biodata_cache._pipeline.dbt.target import discard_if_other, keep

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
def work(tmp_path: Path, project: Path) -> Path:
    """A work folder after a run that came to its end."""
    folder = tmp_path / "work"
    (folder / "target").mkdir(parents=True)
    parsed(folder).write_bytes(b"what dbt has parsed")
    keep(folder, project, ENVIRONMENT)
    return folder


def parsed(work: Path) -> Path:
    return work / "target/partial_parse.msgpack"


def test_the_same_is_kept(work: Path, project: Path) -> None:
    discard_if_other(work, project, ENVIRONMENT | {"HOME": "/home/b"})
    assert parsed(work).exists()


def test_after_a_run_that_was_killed_nothing_is_kept(work: Path, project: Path) -> None:
    discard_if_other(work, project, ENVIRONMENT)
    discard_if_other(work, project, ENVIRONMENT)
    assert not parsed(work).exists()


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
    work: Path, project: Path, change: Callable[[Path], object]
) -> None:
    change(project)
    discard_if_other(work, project, ENVIRONMENT)
    assert not parsed(work).exists()


@pytest.mark.parametrize("name", ["BIODATA_CACHE_MEMORY", "DBT_DEFER", "DBT_SELECT"])
def test_with_other_settings_it_is_parsed_anew(work: Path, project: Path, name: str) -> None:
    discard_if_other(work, project, ENVIRONMENT | {name: "another"})
    assert not parsed(work).exists()


def test_what_a_run_by_hand_has_parsed_is_not_used(work: Path, project: Path) -> None:
    parsed(work).write_bytes(b"what dbt has parsed by hand")
    discard_if_other(work, project, ENVIRONMENT)
    assert not parsed(work).exists()


def test_a_run_that_parsed_nothing_leaves_no_key(tmp_path: Path, project: Path) -> None:
    keep(tmp_path / "work", project, ENVIRONMENT)
    assert not (tmp_path / "work").exists()


def test_what_is_in_the_way_is_named(tmp_path: Path, project: Path) -> None:
    (tmp_path / "target").write_text("a file")
    with pytest.raises(BuildError, match=f"{tmp_path}/target is in the way of a new build"):
        discard_if_other(tmp_path, project, ENVIRONMENT)

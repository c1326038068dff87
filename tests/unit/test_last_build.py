"""When there is nothing to build: the same lake, project and settings, and whole files."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from biodata_cache._core.errors import BuildError
from biodata_cache._pipeline.dbt import last_build

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BEGAN = datetime(2026, 1, 31, 2, tzinfo=timezone.utc)
TOMORROW = BEGAN + timedelta(days=1)
AREA = "cache/data-asset-cache/bdc-v1"
OBJECTS = "cache/data-asset-cache/objects"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A work folder after a good build."""
    for name in (
        "build.duckdb",
        "target/manifest.json",
        "target/run_results.json",
        f"{AREA}/assets.pqt",
        f"{AREA}/qc/subject_id=1/data.pqt",
        f"{OBJECTS}/quality_control.pqt",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    last_build.keep(tmp_path, "lake", "project", BEGAN)
    return tmp_path


def test_what_is_as_it_was_left_is_found(work: Path) -> None:
    build = last_build.find(work, "project")
    assert build is not None
    assert build.lake == "lake"
    assert not build.is_due(TOMORROW)


def test_another_project_starts_a_full_build(work: Path) -> None:
    assert last_build.find(work, "another project") is None


@pytest.mark.parametrize(
    "change",
    [
        lambda work: (work / "build.duckdb").write_text("another"),
        lambda work: (work / "build.duckdb").unlink(),
        lambda work: (work / "build.duckdb.wal").write_text("written by hand"),
        lambda work: (work / "target/run_results.json").write_text("of a run by hand"),
        lambda work: (work / "target/manifest.json").write_text("of a run by hand"),
        lambda work: (work / AREA / "assets.pqt").write_text("damaged"),
        lambda work: (work / AREA / "qc/subject_id=1/data.pqt").unlink(),
        lambda work: (work / AREA / "qc/subject_id=2").write_text("somebody else's"),
        lambda work: (work / OBJECTS / "quality_control.pqt").write_text("damaged"),
        lambda work: (work / "target/.last_good_build.json").write_text("{"),
        lambda work: (work / "target/.last_good_build.json").write_text('{"files": 1}'),
    ],
)
def test_whatever_is_not_as_it_was_left_is_built_again(
    work: Path, change: Callable[[Path], object]
) -> None:
    change(work)
    assert last_build.find(work, "project") is None


def test_what_a_publish_leaves_does_not_matter(work: Path) -> None:
    parts = work / OBJECTS / "quality_control"
    parts.mkdir()
    (parts / "0000.pqt").write_text("a part")
    assert last_build.find(work, "project") is not None


def test_every_seventh_night_is_built_from_nothing(work: Path) -> None:
    nights = [BEGAN + timedelta(days=days) for days in (-1, 0, 6, 7)]
    for _ in range(2):
        build = last_build.find(work, "project")
        assert build is not None
        assert [build.is_due(night) for night in nights] == [True, False, False, True]
        last_build.confirm(work, TOMORROW)  # which makes it no younger


def test_a_build_by_change_is_as_old_as_the_one_from_nothing(work: Path) -> None:
    first = last_build.find(work, "project")
    assert first is not None
    last_build.keep(work, "another lake", "project", TOMORROW, whole_at=first.whole_at)
    build = last_build.find(work, "project")
    assert build is not None
    assert (build.lake, build.began_at) == ("another lake", TOMORROW.isoformat())
    assert build.is_due(BEGAN + timedelta(days=7))


def test_a_night_with_nothing_to_build_confirms_the_tables(work: Path) -> None:
    assert last_build.confirmed_at(work) == BEGAN
    last_build.confirm(work, TOMORROW)
    assert last_build.confirmed_at(work) == TOMORROW


def test_a_build_that_was_killed_or_failed_is_built_again(work: Path) -> None:
    last_build.forget(work)
    assert last_build.find(work, "project") is None
    assert last_build.confirmed_at(work) is None
    last_build.confirm(work, TOMORROW)
    assert last_build.confirmed_at(work) is None


def test_a_time_without_a_zone_is_none_of_ours(work: Path) -> None:
    path = work / "target/.last_good_build.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"confirmed_at": "2026-01-31"}))
    assert last_build.confirmed_at(work) is None


def test_what_is_missing_after_a_build_is_named(work: Path) -> None:
    (work / "build.duckdb").unlink()
    with pytest.raises(BuildError, match=r"build\.duckdb cannot be used"):
        last_build.keep(work, "lake", "project", BEGAN)

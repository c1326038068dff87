"""What publishing to S3 can do, a local root can do as well; needs no server."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from built import Build

import biodata_cache
from biodata_cache import CacheFileError, CacheNotFoundError, SettingsError, _settings
from biodata_cache._publish import publish, rollback
from biodata_cache._settings import CACHE_FOLDER

if TYPE_CHECKING:
    from pathlib import Path

STATES = [
    {"1": "a", "2": "a", "3": "a"},
    {"1": "b", "2": "a", "4": "a"},
    {"1": "b", "2": "c", "3": "c"},
    {"1": "d", "5": "d"},
]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    root = str(tmp_path / "root")
    monkeypatch.setenv("BIODATA_CACHE_ROOT", root)
    return Build(tmp_path / "work", root)


def published(build: Build) -> dict[str, bytes]:
    """Content of each file that readers may look at."""
    home = build.work.parent / "root" / CACHE_FOLDER
    return {
        path.relative_to(home).as_posix(): path.read_bytes()
        for path in home.rglob("*")
        if path.is_file() and ".builds" not in path.parts and path.suffix != ".lock"
    }


def publish_state(build: Build, number: int) -> dict[str, bytes]:
    publish(build.make(STATES[number], built_at=f"2026-01-0{number + 1}T00:00:00Z").settings)
    return published(build)


def test_rollback_puts_the_last_builds_back_one_after_the_other(build: Build) -> None:
    states = [publish_state(build, number) for number in range(4)]
    for state in reversed(states[:-1]):
        rollback(build.settings)
        assert published(build) == state
    with pytest.raises(CacheNotFoundError, match="No earlier build is kept"):
        rollback(build.settings)


def test_rollback_and_publishing_in_turn(build: Build) -> None:
    first = publish_state(build, 0)
    second = publish_state(build, 1)
    rollback(build.settings)
    assert publish_state(build, 2) != second
    rollback(build.settings)
    assert published(build) == first
    assert publish_state(build, 1) == second
    assert publish_state(build, 0) == first
    rollback(build.settings)
    assert published(build) == second


def test_a_build_of_which_something_is_lost_is_not_put_back(build: Build) -> None:
    publish_state(build, 0)
    publish_state(build, 1)
    before = published(build)
    kept = next((build.work.parent / "root").rglob(".builds/*/0*/qc/subject_id=1/data.pqt"))
    kept.write_bytes(b"damaged")
    with pytest.raises(CacheFileError, match=r"1 files kept .* nothing was changed"):
        rollback(build.settings)
    kept.unlink()
    with pytest.raises(CacheFileError, match=r"subject_id=1/data\.pqt .* was not kept"):
        rollback(build.settings)
    assert published(build) == before


def test_a_file_that_was_damaged_is_not_kept_in_place_of_the_right_one(build: Build) -> None:
    publish_state(build, 0)
    (
        build.work.parent / f"root/{CACHE_FOLDER}/{build.area.name}/qc/subject_id=1/data.pqt"
    ).write_bytes(b"damaged")
    publish_state(build, 1)
    with pytest.raises(CacheFileError, match="not what they were"):
        rollback(build.settings)


def test_a_root_in_the_current_folder_is_published_with_its_whole_path(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(build.work.parent)
    build.root = "root"
    report = publish(build.make(STATES[0]).settings)
    assert report.tables[0]["location"] == str(
        build.work.parent / "root" / CACHE_FOLDER / build.area.name / "assets.pqt"
    )


def test_nothing_to_roll_back(build: Build) -> None:
    with pytest.raises(CacheNotFoundError, match="No earlier build"):
        rollback(build.settings)


def test_no_builds_are_kept_if_so_set(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIODATA_CACHE_KEEP_BUILDS", "0")
    publish_state(build, 0)
    publish_state(build, 1)
    assert not list((build.work.parent / "root").rglob(".builds/*/*"))
    monkeypatch.setenv("BIODATA_CACHE_KEEP_BUILDS", "-1")
    with pytest.raises(SettingsError, match="BIODATA_CACHE_KEEP_BUILDS is '-1'"):
        _settings.load()


def test_dry_run_writes_nothing(build: Build) -> None:
    build.make(STATES[0])
    assert publish(build.settings, dry_run=True).written > 0
    assert published(build) == {}
    publish_state(build, 0)
    before = published(build)
    report = publish(build.make(STATES[1]).settings, dry_run=True)
    assert report.added == ["qc/subject_id=4/data.pqt"]
    assert report.gone == ["qc/subject_id=3/data.pqt"]
    assert published(build) == before


def test_a_reader_sees_whole_tables_while_they_are_replaced(build: Build) -> None:
    """A file is opened more than once for one read: what is read is of one of its states."""
    publish_state(build, 0)
    done, wrong = threading.Event(), []

    def look() -> None:
        while not done.is_set() and not wrong:
            values = biodata_cache.quality_control("1")["value"].tolist()
            if values not in (["a"], ["b"]):
                wrong.append(values)

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(look) for _ in range(2)]
        for number in range(6):
            publish_state(build, 1 - number % 2)
        done.set()
        for reader in readers:
            reader.result()
    assert wrong == []

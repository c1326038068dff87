"""What publishing to S3 can do, a local root can do as well; needs no server."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from built import Build

import biodata_cache
from biodata_cache import AccessError, AuditError, CacheFileError, CacheNotFoundError, SettingsError
from biodata_cache._core.layout import CACHE_FOLDER
from biodata_cache._core.registry import document as _document
from biodata_cache._core.registry import history as _history
from biodata_cache._core.settings import values as _settings
from biodata_cache._publish.publish import plan, publish, rollback

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
    """Content of each public file and document, but for the one that changes at each publish."""
    home = build.work.parent / "root" / CACHE_FOLDER
    return {
        path.relative_to(home).as_posix(): path.read_bytes()
        for path in home.rglob("*")
        if path.is_file()
        and not {".builds", ".objects"} & {*path.parts}
        and path.suffix != ".lock"
        and path.name != "cache_status.json"
    }


def publish_state(build: Build, number: int) -> dict[str, bytes]:
    build.make(STATES[number], built_at=f"2026-01-0{number + 1}T00:00:00Z")
    publish(build.settings, force=True)
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


def objects_of(build: Build, kept: str) -> list[Path]:
    """The objects of the tables of a build that is kept, by its day."""
    home = build.work.parent / "root" / CACHE_FOLDER
    (path,) = home.glob(f".builds/*/{kept}*.json")
    registry = _document.parse(path.read_bytes(), "registry")
    return [home / ".objects" / each.name for entry in registry for each in entry.objects]


def test_a_build_of_which_something_is_lost_is_not_put_back(build: Build) -> None:
    publish_state(build, 0)
    publish_state(build, 1)
    before = published(build)
    (lost,) = {*objects_of(build, "20260101")} - {*objects_of(build, "20260102")}
    lost.write_bytes(b"damaged")
    with pytest.raises(CacheFileError, match=r"1 objects of .* nothing was changed"):
        rollback(build.settings)
    lost.unlink()
    with pytest.raises(CacheFileError, match=rf"missing or not what they were.*{lost.name}"):
        rollback(build.settings)
    assert published(build) == before


def test_a_public_file_that_was_damaged_is_made_again_from_its_object(build: Build) -> None:
    first = publish_state(build, 0)
    folder = build.work.parent / f"root/{CACHE_FOLDER}/{build.area.name}"
    (folder / "qc/subject_id=1/data.pqt").write_bytes(b"damaged")
    publish_state(build, 1)
    (folder / "qc/subject_id=2/data.pqt").write_bytes(b"damaged")
    rollback(build.settings)
    assert published(build) == first


def test_a_root_in_the_current_folder_is_published_with_its_whole_path(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(build.work.parent)
    build.root = "root"
    report = publish(build.make(STATES[0]).settings)
    assert report.tables[0].location == str(
        build.work.parent / "root" / CACHE_FOLDER / build.area.name / "assets.pqt"
    )


def test_rows_in_the_file_of_another_partition_are_not_published(build: Build) -> None:
    build.make({"1": "a", "a/b=é": "b", "": "c"})
    first, second = sorted(build.area.glob("qc/*/data.pqt"))[:2]
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)
    with pytest.raises(AuditError, match="rows of another subject_id"):
        publish(build.settings)


def test_nothing_to_roll_back(build: Build) -> None:
    with pytest.raises(CacheNotFoundError, match="There is no bdc-v"):
        rollback(build.settings)


def test_no_builds_are_kept_if_so_set(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIODATA_CACHE_KEEP_DAYS", "0")
    monkeypatch.setenv("BIODATA_CACHE_GRACE_HOURS", "0")
    publish_state(build, 0)
    publish_state(build, 1)
    home = build.work.parent / "root" / CACHE_FOLDER
    (live,) = home.rglob(".builds/*/*")
    assert live.read_bytes() == (home / build.area.name / "cache_registry.json").read_bytes()
    registry = _document.parse(live.read_bytes(), "registry")
    needed = {each.name for each in registry.objects}
    assert {path.name for path in (home / ".objects").iterdir()} == needed
    monkeypatch.setenv("BIODATA_CACHE_KEEP_DAYS", "-1")
    with pytest.raises(SettingsError, match="BIODATA_CACHE_KEEP_DAYS is '-1'"):
        _settings.load()


def test_dry_run_writes_nothing(build: Build) -> None:
    build.make(STATES[0])
    assert plan(build.settings).written > 0
    assert published(build) == {}
    publish_state(build, 0)
    before = published(build)
    report = plan(build.make(STATES[1]).settings)
    assert report.added == ["qc/subject_id=4/data.pqt"]
    assert report.gone == ["qc/subject_id=3/data.pqt"]
    assert published(build) == before


def days(build: Build) -> list[str]:
    """Days of the builds in the history that is published."""
    content = published(build)[f"{build.area.name}/cache_history.json"]
    return [each.built_at[:10] for each in _history.parse(content, "history")]


def test_history_grows_by_builds_that_differ(build: Build) -> None:
    publish_state(build, 0)
    before = publish_state(build, 1)
    publish(build.make(STATES[1], built_at="2026-01-05T00:00:00Z").settings)
    assert published(build) == before
    publish_state(build, 2)
    assert days(build) == ["2026-01-01", "2026-01-02", "2026-01-03"]
    rollback(build.settings)
    assert published(build) == before


@pytest.mark.parametrize("history", [None, b"{"])
def test_history_that_is_not_there_begins_with_what_is_published(
    build: Build, history: bytes | None
) -> None:
    """As after a publish by an older version, or after somebody wrote into it."""
    first = publish_state(build, 0)
    folder = build.work.parent / "root" / CACHE_FOLDER / build.area.name
    (folder / "index.html").unlink()
    (folder / "cache_history.json").unlink()
    if history is not None:
        (folder / "cache_history.json").write_bytes(history)
    publish_state(build, 1)
    assert days(build) == ["2026-01-01", "2026-01-02"]
    (folder / "cache_history.json").unlink()
    rollback(build.settings)
    assert published(build) == first


def test_a_page_that_a_publisher_did_not_come_to_write_is_made_up_for(build: Build) -> None:
    """The registry is new, but page and history are those of the build before."""
    publish_state(build, 0)
    folder = build.work.parent / "root" / CACHE_FOLDER / build.area.name
    names = ("index.html", "cache_history.json")
    old = {name: (folder / name).read_bytes() for name in names}
    second = publish_state(build, 1)
    for name in names:
        (folder / name).write_bytes(old[name])
    assert publish(build.settings).replaced == ["cache_history.json", "index.html"]
    assert published(build) == second
    for name in names:
        (folder / name).write_bytes(old[name])
    publish_state(build, 2)
    assert days(build) == ["2026-01-01", "2026-01-02", "2026-01-03"]


def test_a_reader_sees_whole_tables_while_they_are_replaced(build: Build) -> None:
    """A file is opened more than once for one read: what is read is of one of its states."""
    publish_state(build, 0)
    done, wrong = threading.Event(), []

    def look() -> None:
        while not done.is_set() and not wrong:
            values = biodata_cache.quality_control("1")["value"].tolist()
            if values not in (["a"], ["b"]):
                wrong.append(values)
            done.wait(0.02)  # the publisher has work to do

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(look) for _ in range(2)]
        for number in range(6):
            publish_state(build, 1 - number % 2)
        done.set()
        for reader in readers:
            reader.result()
    assert wrong == []


def test_readers_follow_no_link_below_the_root(build: Build, tmp_path: Path) -> None:
    publish_state(build, 0)
    biodata_cache.custom("mine", biodata_cache.assets())
    home = build.work.parent / "root" / CACHE_FOLDER
    (entry,) = biodata_cache.get_cache_registry()["assets"].objects
    for file, read in (
        (home / ".objects" / entry.name, biodata_cache.assets),
        (home / "custom" / "mine.pqt", lambda: biodata_cache.custom("mine")),
        (home / build.area.name / "cache_registry.json", biodata_cache.quality_control),
    ):
        assert len(read()) > 0
        moved = tmp_path / file.name
        file.rename(moved)
        file.symlink_to(moved)
        with pytest.raises(AccessError, match=f"{file.name} is a link, and is not followed"):
            read()
        file.unlink()
        moved.rename(file)
    (home / ".objects").rename(tmp_path / "objects")
    (home / ".objects").symlink_to(tmp_path / "objects")
    for read in (biodata_cache.assets, lambda: biodata_cache.sql("from quality_control")):
        with pytest.raises(AccessError, match=r"\.objects is a link, and is not followed"):
            read()
    with pytest.raises(AccessError, match=r"\.objects is a link, and is not followed"):
        publish_state(build, 1)


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "linked",
    [
        "{v}/qc",
        *(
            pytest.param(path, marks=pytest.mark.slow)
            for path in ("{v}", "{v}/qc/subject_id=1", "{v}/cache_registry", ".builds", ".objects")
        ),
    ],
)
def test_a_publisher_follows_no_link_below_the_root(
    build: Build, tmp_path: Path, linked: str
) -> None:
    publish_state(build, 0)
    publish_state(build, 1)
    folder = build.work.parent / "root" / CACHE_FOLDER / linked.format(v=build.area.name)
    folder.rename(tmp_path / "outside")
    folder.symlink_to(tmp_path / "outside")
    before = contents(tmp_path / "outside")
    for work in (
        lambda: publish_state(build, 2),
        lambda: rollback(build.settings),
    ):
        with pytest.raises(AccessError, match=f"{folder.name} is a link, and is not followed"):
            work()
    assert contents(tmp_path / "outside") == before


def test_a_linked_file_is_replaced_by_a_publish(build: Build, tmp_path: Path) -> None:
    first = publish_state(build, 0)
    home = build.work.parent / "root" / CACHE_FOLDER
    for name in ("assets.pqt", "qc/subject_id=1/data.pqt", "index.html"):
        file = home / build.area.name / name
        outside = tmp_path / file.name
        outside.write_bytes(b"elsewhere")
        file.unlink()
        file.symlink_to(outside)
    publish(build.settings)
    assert published(build) == first
    assert not [path for path in home.rglob("*") if path.is_symlink()]
    assert {path.read_bytes() for path in tmp_path.glob("*.*")} == {b"elsewhere"}

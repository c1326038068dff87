"""A publish reads, asks for and writes what has changed, and once a week looks at everything."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from built import Build

from biodata_cache import AuditError, CacheError, LockedError
from biodata_cache._cli.commands.verification import verified
from biodata_cache._core.layout import CACHE_FOLDER
from biodata_cache._core.settings import values as _settings
from biodata_cache._publish.build.build_manifest import BuildManifest
from biodata_cache._publish.publish import Times, publish

if TYPE_CHECKING:
    from pathlib import Path

    from faults import Proxy

SUBJECTS = {str(number): "first" for number in range(8)}
TONIGHT = datetime(2026, 2, 1, 2, tzinfo=timezone.utc)
IN_A_WEEK = TONIGHT + timedelta(days=7)
LATER = "2026-01-02T00:00:00Z"


@pytest.fixture
def local(tmp_path: Path) -> Build:
    """A published build, its root a folder."""
    build = Build(tmp_path / "work", str(tmp_path / "root")).make(SUBJECTS)
    publish(build.settings, times=Times(TONIGHT))
    return build


def home(build: Build) -> Path:
    return build.work.parent / "root" / CACHE_FOLDER


def contents(build: Build) -> dict[str, bytes]:
    """All of a root that is a folder, but for times."""
    return {
        path.relative_to(home(build)).as_posix(): path.read_bytes()
        for path in home(build).rglob("*")
        if path.is_file() and path.suffix != ".lock" and path.name != "cache_status.json"
    }


def damage(path: Path) -> bytes:
    """Turn a byte of a file, as a disk does: its size and times are those of before."""
    before, content = path.stat(), path.read_bytes()
    with path.open("r+b") as file:
        file.seek(len(content) // 2)
        file.write(bytes([content[len(content) // 2] ^ 1]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    return content


def status(build: Build) -> dict[str, object]:
    document = json.loads((home(build) / "cache_status.json").read_bytes())
    found: dict[str, object] = document["versions"][build.area.name]
    return found


def test_a_night_without_changes_costs_a_handful_of_requests(
    build: Build, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(build.make(SUBJECTS).settings)
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
    for _ in range(2):
        proxy.requests.clear()
        report = publish(build.settings)
        assert (report.written, report.removed, report.objects) == (0, 0, 0)
        assert report.unchanged > len(SUBJECTS)
        assert [entry.name for entry in report.tables] == ["assets", "quality_control"]
        written = [it.path for it in proxy.requests if it.method == "PUT" and "lock" not in it.path]
        assert [path.rpartition("/")[2] for path in written] == ["cache_status.json"]
        assert len(proxy.requests) <= 12, [(it.method, it.path) for it in proxy.requests]


def test_a_changed_partition_costs_what_it_takes_whatever_else_there_is(
    build: Build, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where tags are no MD5, so that looking at a file would take a request."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
    proxy.is_encrypted = True
    costs = []
    for count in (5, 25):
        subjects = {str(number): "first" for number in range(count)}
        publish(build.make(subjects, built_at=f"2026-01-{count % 28:02}T00:00:00Z").settings)
        proxy.requests.clear()
        report = publish(build.change(subjects | {"3": "new"}, built_at=LATER).settings)
        changed = [path for path in report.replaced if path.endswith(".pqt")]
        assert (changed, report.added) == (["qc/subject_id=3/data.pqt"], [])
        costs.append(len(proxy.requests))
    assert costs[1] <= costs[0] + 10, "builds of before are looked through"
    assert publish(build.settings, full=True).written == 0


def test_corruption_of_the_build_on_disk_is_found_within_a_week(local: Build) -> None:
    before = contents(local)
    damage(local.area / "qc/subject_id=1/data.pqt")
    publish(local.settings, times=Times(TONIGHT + timedelta(days=6)))
    for when in ({"times": Times(IN_A_WEEK)}, {"full": True, "times": Times(TONIGHT)}):
        with pytest.raises(AuditError, match="quality_control"):
            publish(local.settings, **when)  # type: ignore[arg-type]
    assert contents(local) == before


def test_a_publish_that_looks_at_everything_leaves_other_hashes_known(local: Build) -> None:
    other = local.work / "build.duckdb"
    hashed = BuildManifest(local.work)
    [sha256] = hashed.hashes([other]).values()
    hashed.write()
    damage(other)
    audited = BuildManifest(local.work, is_trusted=False)
    audited.hashes([local.area / "qc/subject_id=1/data.pqt"])
    audited.write()
    assert [*BuildManifest(local.work).hashes([other]).values()] == [sha256]
    assert [*BuildManifest(local.work, is_trusted=False).hashes([other]).values()] != [sha256]


@pytest.mark.parametrize("pattern", [".objects/*.pqt", "bdc-v*/assets.pqt", "bdc-v*/qc/*/data.pqt"])
@pytest.mark.parametrize("how", ["week", "full", "doctor"])
def test_what_a_disk_turned_in_the_root_is_mended(local: Build, pattern: str, how: str) -> None:
    before = contents(local)
    damage(sorted(home(local).glob(pattern))[0])
    publish(local.settings, times=Times(TONIGHT + timedelta(days=6)))
    assert contents(local) != before
    if how == "doctor":
        settings = _settings.load(
            root=local.root, work=str(local.work), version=local.area.name.removeprefix("bdc-v")
        )
        assert verified(settings)[0] == "fail"
    tonight = IN_A_WEEK if how == "week" else TONIGHT
    publish(local.settings, full=how == "full", times=Times(tonight))
    assert contents(local) == before


@pytest.mark.parametrize("pattern", [".objects/*.pqt", "bdc-v*/qc/*/data.pqt", "bdc-v*/*.html"])
@pytest.mark.parametrize("is_gone", [False, True])
def test_what_was_written_over_or_removed_is_mended_by_the_next_publish(
    local: Build,
    pattern: str,
    is_gone: bool,  # noqa: FBT001
) -> None:
    before = contents(local)
    path = sorted(home(local).glob(pattern))[0]
    content = path.read_bytes()
    path.unlink()
    if not is_gone:
        path.write_bytes(content[:-1] + b"x")
    publish(local.settings, times=Times(TONIGHT))
    assert contents(local) == before


def test_the_status_says_when_everything_was_last_looked_at(local: Build) -> None:
    nights = [TONIGHT, TONIGHT + timedelta(days=6), IN_A_WEEK, IN_A_WEEK + timedelta(days=1)]
    looked = []
    for night in nights:
        publish(local.settings, times=Times(night))
        assert status(local)["checked_at"] == night.isoformat()
        looked.append(status(local)["audited_at"])
    assert looked == [each.isoformat() for each in (TONIGHT, TONIGHT, IN_A_WEEK, IN_A_WEEK)]


def test_what_cannot_be_read_of_the_last_publish_is_looked_at_again(local: Build) -> None:
    before = contents(local)
    for path in (local.work / ".build_manifest.json", *(local.work / ".published").iterdir()):
        for content in (b"", b"{", b"[]", b'{"files": {"a": 1}, "x": [1]}', b"\xff"):
            path.write_bytes(content)
            assert publish(local.settings, times=Times(TONIGHT)).written == 0
    assert contents(local) == before


@pytest.mark.parametrize(
    "uploads", [4, *(pytest.param(number, marks=pytest.mark.slow) for number in (1, 2, 6))]
)
def test_a_publish_that_was_stopped_is_completed_the_next_night(
    build: Build, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, uploads: int
) -> None:
    publish(build.make(SUBJECTS).settings)
    build.change(SUBJECTS | {"3": "new"}, built_at=LATER)
    count = 0

    def fail(number: int, method: str, path: str) -> str | None:
        nonlocal count
        count += method == "PUT" and "lock" not in path
        return "drop" if count > uploads else None

    with monkeypatch.context() as through:
        through.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        through.setenv("AWS_MAX_ATTEMPTS", "1")
        proxy.fault = fail
        with pytest.raises(CacheError):
            publish(build.settings, lease=1.0)
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.server)
    proxy.reset()
    _until_unlocked(build)
    assert publish(build.settings, full=True).written == 0


def _until_unlocked(build: Build) -> None:
    """Publish, as soon as the lease of the one that was stopped has ended."""
    for _ in range(50):
        with suppress(LockedError):
            publish(build.settings)
            return
        time.sleep(0.2)
    pytest.fail("the lease of a publish that was stopped does not end")


def test_a_killed_publish_leaves_no_temporary_folder_for_good(local: Build) -> None:
    left = local.work / ".temporary-publish"
    (left / "biodata-cache-of-before").mkdir(parents=True)
    publish(local.settings, full=True)
    assert not left.exists()

"""Requests that go wrong and publishers that are killed: readers see whole tables all the while."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from built import Build
from publisher import LEASE, Publishers

import biodata_cache
from biodata_cache import CacheError, LockedError
from biodata_cache._core import layout as _layout
from biodata_cache._core.registry import history as _history
from biodata_cache._core.settings import values as _settings
from biodata_cache._publish.catalogue import page as _catalogue
from biodata_cache._publish.catalogue import profiles as _profiles
from biodata_cache._publish.catalogue.croissant import croissant
from biodata_cache._publish.catalogue.database import database
from biodata_cache._publish.catalogue.datapackage import datapackage
from biodata_cache._publish.publish import publish, rollback
from biodata_cache._publish.snapshots import public_files as _public_files
from biodata_cache._publish.snapshots.pending import Pending
from biodata_cache._publish.snapshots.snapshot import read_published
from biodata_cache._publish.snapshots.verify import verify
from biodata_cache._storage.open import open_storage
from examples import chosen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from faults import Proxy
    from server import Server

FAULTS = ["drop", "drop_answer", "truncate", "500", "503", "delay"]
WRITES = {"PUT", "POST", "DELETE"}
# Every change there is: a file that changes, one that comes, one that goes, and one that stays.
STATES = [
    ({"1": "a", "2": "a", "3": "a"}, "first"),
    ({"1": "b", "3": "a", "4": "a"}, "second"),
]


@dataclass
class Two:
    """Two builds that are published in turn."""

    builds: list[Build]

    @classmethod
    def of(cls, build: Build) -> Two:
        builds = []
        for number, (subjects, assets) in enumerate(STATES):
            each = Build(build.work.parent / f"work{number}", build.root)
            builds.append(
                each.make(subjects, assets=assets, built_at=f"2026-01-0{number + 1}T00:00:00Z")
            )
        return cls(builds)

    def is_released(self, number: int) -> bool:
        """Whether readers see this build."""
        values = biodata_cache.quality_control()
        subjects, assets = STATES[number]
        return dict(zip(values["subject_id"], values["value"], strict=True)) == subjects and set(
            biodata_cache.assets()["project_name"]
        ) == {assets}

    def is_published(self, number: int) -> bool:
        """Whether readers see this build, whole, and there is nothing else."""
        return self.is_released(number) and _is_consistent(self.builds[0], exactly=True)


@dataclass
class Reader:
    """Reads all the while; what it saw that no reader should.

    Attributes:
        looking: Held while it looks: who changes what no publisher would takes it meanwhile.
    """

    reads: int = 0
    wrong: list[str] = field(default_factory=list)
    looking: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def reader_looking_on(build: Build) -> Iterator[Reader]:
    """A reader beside the test, with the address of the server itself."""
    reader, done = Reader(), threading.Event()

    def look() -> None:
        while not done.is_set():
            started = time.thread_time()
            with reader.looking:
                try:
                    _look(build)
                except (CacheError, AssertionError) as error:
                    reader.wrong.append(f"{type(error).__name__}: {error}")
            reader.reads += 1
            done.wait(0.02 + 4 * (time.thread_time() - started))  # the others have work to do

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield reader
    finally:
        done.set()
        thread.join()


def _look(build: Build) -> None:
    """A released version can be read, every table and every partition."""
    if build.area.name not in biodata_cache.get_cache_versions():
        return
    assets = biodata_cache.assets()
    assert set(assets["project_name"]) in ({"first"}, {"second"}), assets
    values = biodata_cache.quality_control()
    found = set(zip(values["subject_id"], values["value"], strict=True))
    known = {pair for subjects, _ in STATES for pair in subjects.items()}
    assert found <= known, found
    assert {"1", "3"} <= {subject for subject, _ in found}


def _is_consistent(build: Build, *, exactly: bool = False) -> bool:
    """What the index releases has a registry, and what the registry names is there, each whole."""
    storage, folder = open_storage(build.settings), build.area.name

    def content(path: str) -> bytes:
        found = storage.get(path)
        return b"" if found is None else found.content

    if folder not in json.loads(content("cache_versions.json") or b"[]"):
        return not exactly
    published = read_published(storage, folder)
    registry = published.registry
    assert registry.public_files is not None
    for each in registry.objects:
        data = content(f".objects/{each.name}")
        assert each.sha256 == hashlib.sha256(data).hexdigest(), each.name
    files = _public_files.read(storage, registry.public_files)
    listed = {path.removeprefix(f"{folder}/") for path, _ in storage.list(f"{folder}/")}
    documents: set[str] = set()
    for entry in registry:
        data_path = _layout.data_path(folder, entry.name, entry.location)
        documents.add(_layout.sidecar_path(data_path).removeprefix(f"{folder}/"))
        documents.add(f"cache_registry/{entry.name}.json")
    named = {file.path for file in files} | documents
    assert named <= listed, named - listed
    found = verify(storage, folder)
    assert not found.damaged_before
    assert not found.damaged or Pending(storage, folder).is_there, "nobody says that it is mixed"
    assert not (exactly and found.damaged)
    if exactly:
        home = storage.address()
        root = home.removesuffix("/data-asset-cache")
        for_tools = {
            "biodata_cache.duckdb": database(folder, registry, root),
            "datapackage.json": datapackage(folder, registry, files, home),
            "croissant.json": croissant(folder, registry, home),
        }
        assert {name: content(f"{folder}/{name}") for name in for_tools} == for_tools
        beside = {"cache_registry.json", "cache_history.json", "index.html", "qc.html", *for_tools}
        assert listed == {*named, *beside}, listed ^ named
        history = _history.parse(content(f"{folder}/cache_history.json"), "history")
        assert history[-1].build == registry.build
        profiles = _profiles.read(storage, registry.profiles)
        page = _catalogue.page(folder, registry, history, _catalogue.largest(files), profiles)
        assert content(f"{folder}/index.html") == page
        quality = _catalogue.quality_page(folder, history, profiles)
        assert content(f"{folder}/qc.html") == quality
        for file in files:
            data = content(f"{folder}/{file.path}")
            known = (file.bytes, file.sha256)
            assert known == (len(data), hashlib.sha256(data).hexdigest()), file.path
        assert content(f".builds/{folder}/{registry.build}.json") == published.content
        left = [path for path, _ in storage.list("")]
        assert not [path for path in left if path.endswith((".lock", "pending.json"))], left
    return True


def _until_unlocked(work: Callable[[], object]) -> None:
    """Do it as soon as the lock of the dead has ended."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        with suppress(LockedError):
            work()
            return
        time.sleep(0.1)
    raise AssertionError("the lock of the dead did not end")


def _go_wrong(
    build: Build, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, fault: str, first: int, step: int
) -> None:
    """Two publishes, each with a fault at every `step`-th request, halfway between the other's."""
    two, turn = Two.of(build), 0
    for state in (1, 0):
        publish(two.builds[state].settings)
    with reader_looking_on(build) as reader:
        for start in (first, first + step // 2):
            turn = 1 - turn
            proxy.reset()
            proxy.fault = _at_each(step, start, fault)
            with monkeypatch.context() as through:
                through.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
                report = publish(two.builds[turn].settings)
            assert report.written > 0
            assert proxy.faults >= 3
            assert two.is_published(turn), f"after {fault} at each {step}th request from {start}"
    assert reader.reads > 0
    assert reader.wrong == []


def _at_each(step: int, first: int, fault: str) -> Callable[[int, str, str], str | None]:
    """A fault at every `step`-th request, never at one that repeats what has just gone wrong."""
    wrong: set[tuple[str, str]] = set()

    def fault_at(number: int, method: str, path: str) -> str | None:
        if (method, path) in wrong:
            wrong.remove((method, path))
            return None
        if number % step != first % step:
            return None
        wrong.add((method, path))
        return fault

    return fault_at


def test_a_request_that_goes_wrong_is_repeated(
    build: Build, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few of them, which stand for all."""
    _go_wrong(build, proxy, monkeypatch, "503", first=1, step=20)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_every_request_that_goes_wrong_is_repeated(
    build: Build, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """Each request meets a broken connection and an answer that is an error, or a late one.

    What repeats a request knows its operation only, not which of many it is: each fault takes every
    third request, another third than its neighbours of `FAULTS`.
    """
    _go_wrong(build, proxy, monkeypatch, fault, first=1 + FAULTS.index(fault) % 3, step=6)


@pytest.mark.parametrize("fault", ["503", pytest.param("drop_answer", marks=pytest.mark.slow)])
def test_a_server_that_goes_away_leaves_a_cache_to_be_read(
    build: Build, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """Every data file is refused from the third upload on, to the end of all attempts."""
    two = Two.of(build)
    publish(two.builds[0].settings)
    uploads = 0

    def fail(number: int, method: str, path: str) -> str | None:
        nonlocal uploads
        uploads += method == "PUT"
        return fault if uploads > 3 and "lock" not in path else None

    proxy.fault = fail
    with monkeypatch.context() as through:
        through.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        through.setenv("AWS_MAX_ATTEMPTS", "2")
        with pytest.raises(CacheError):
            publish(two.builds[1].settings, lease=LEASE)
    _look(build)
    assert _is_consistent(build)
    _until_unlocked(lambda: publish(two.builds[1].settings, lease=LEASE))
    assert two.is_published(1)


OUTCOMES = {"SIGTERM": "interrupted", "disk full": "refused"}
"""How a publisher ends that is not killed."""


class Victim:
    """A publisher that does not get beyond a write.

    `how` is what the proxy does with the request when the publisher is killed, or `SIGTERM`, or
    `disk full`, which it reports. What only reads changes nothing that others see: who is killed
    there was killed between the same two writes.
    """

    def __init__(self, last: int, how: str) -> None:
        self._last, self._how = last, how
        self._writes = 0
        self._process = 0
        self._is_known = threading.Event()

    def start(self, process: int) -> None:
        self._process = process
        self._is_known.set()

    def fault(self, _: int, method: str, path: str) -> str | None:
        del path
        self._writes += method in WRITES
        if self._writes < self._last:
            return None
        if self._how == "disk full":
            return "507"
        self._is_known.wait(10)
        if self._how == "SIGTERM":
            if self._writes == self._last and method in WRITES:
                os.kill(self._process, signal.SIGTERM)
            return None
        os.kill(self._process, signal.SIGKILL)
        return self._how


@contextmanager
def kept_bucket(bucket: Path, build: Build) -> Iterator[Callable[[], object]]:
    """What brings the bucket back to its state of now, in the files of the server."""
    kept = build.work.with_name("kept")
    shutil.copytree(bucket, kept, symlinks=True)  # their times and attributes, too

    def restore() -> None:
        for path in bucket.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(kept, bucket, symlinks=True, dirs_exist_ok=True)

    yield restore
    shutil.rmtree(kept)


def _end_lock(bucket: Path) -> None:
    """Let the lock of the dead end now: to wait for it is what other tests are about."""
    for lock in bucket.rglob(_layout.LEASE):
        written = lock.stat().st_mtime - LEASE
        os.utime(lock, (written, written))


def _kill(
    two: Two,
    server: Server,
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    how: str,
    points: Callable[[int], bool],
) -> int:
    """Kill a publisher at its Nth write, for each N until it ends before; how often it was."""
    build, version = two.builds[0], _settings.installed_version()
    bucket = server.folder / "data" / build.root.split("/")[2]
    first, second = (1, 0) if what == "rollback" else (0, 1)

    def again() -> None:
        storage = open_storage(build.settings)
        if what == "publish":
            publish(two.builds[1].settings, lease=LEASE, force=True)
        elif two.is_released(second) and Pending(storage, f"bdc-v{version}").registry is None:
            # All was done but for the lock: another rollback would be one of its own.
            with storage.lease(_layout.LEASE, LEASE):
                pass
        else:
            rollback(two.builds[1].settings, lease=LEASE)

    with monkeypatch.context() as through:
        through.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        through.setenv("AWS_MAX_ATTEMPTS", "2")  # what fails goes on failing
        publishers = Publishers()
    for state in (second, first):
        publish(two.builds[state].settings, lease=LEASE, force=True)
    killed, number = 0, 0
    with publishers, kept_bucket(bucket, build) as restore, reader_looking_on(build) as reader:
        while True:
            number += 1
            if not points(number):
                continue
            with reader.looking:
                restore()
            proxy.reset()
            victim = Victim(number, how)
            proxy.fault = victim.fault
            victim.start(publishers.start(what, build.root, two.builds[1].work, version))
            (outcome,) = publishers.wait()
            _look(build)
            assert _is_consistent(build)
            if outcome == "done":
                break
            assert outcome == OUTCOMES.get(how, "killed")
            killed += 1
            _end_lock(bucket)
            _until_unlocked(again)  # it may just have been renewed
            assert two.is_published(second), f"killed at write {number}"
    assert reader.reads > 0
    assert reader.wrong == []
    return killed


@pytest.mark.nightly
@pytest.mark.slow
@pytest.mark.parametrize("how", ["SIGTERM", "disk full"])
@pytest.mark.parametrize("what", ["publish", "rollback"])
def test_a_publisher_that_is_terminated_or_finds_the_disk_full(
    build: Build, aws: Server, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, what: str, how: str
) -> None:
    points = chosen(range(2, 400, 4), of=range(1, 400))
    assert _kill(Two.of(build), aws, proxy, monkeypatch, what, how, points.__contains__) > 2


@pytest.mark.slow
@pytest.mark.parametrize("what", ["publish", "rollback"])
def test_a_publisher_that_is_killed_before_every_write(
    build: Build, aws: Server, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Killed after a write is killed before the next one."""
    assert _kill(Two.of(build), aws, proxy, monkeypatch, what, "drop", lambda _: True) > 12


@pytest.mark.slow
def test_a_publisher_that_is_killed_after_a_write(
    build: Build, aws: Server, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first, which takes the lock, and one in between."""
    two, points = Two.of(build), {1, 9, 400}
    assert _kill(two, aws, proxy, monkeypatch, "publish", "drop_answer", points.__contains__) == 2


def test_a_first_publisher_that_is_killed_releases_nothing(
    build: Build, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another build follows, without the partition that the first had begun to add."""
    two = Two.of(build)
    proxy.fault = lambda *request: "503" if request[2].endswith("registry.json") else None
    with monkeypatch.context() as through:
        through.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        through.setenv("AWS_MAX_ATTEMPTS", "2")
        with pytest.raises(CacheError):
            publish(two.builds[0].settings, lease=LEASE)
    assert biodata_cache.get_cache_versions() == []
    _until_unlocked(lambda: publish(two.builds[1].settings, lease=LEASE))
    assert two.is_published(1)


@pytest.mark.slow
def test_two_publishers_of_one_version_at_once(build: Build, aws: Server) -> None:
    two, version = Two.of(build), _settings.installed_version()
    with Publishers() as publishers:
        for _ in range(2):
            for each in two.builds:
                publishers.start("publish", build.root, each.work, version)
            outcomes = publishers.wait(2)
            assert set(outcomes) <= {"done", "refused"}
            assert "done" in outcomes
            assert two.is_published(0) or two.is_published(1)


@pytest.mark.slow
def test_publishers_of_different_versions_at_once(build: Build, tmp_path: Path) -> None:
    """They share the objects: one at a time is at work, and who was refused tries again."""
    build.make(*STATES[0][:1])
    versions = [f"9.{number}" for number in range(3)]
    for version in versions:
        work = tmp_path / f"work-{version}"
        shutil.copytree(build.work, work)
        area = work / build.area.relative_to(build.work)
        area.rename(area.parent / f"bdc-v{version}")
    with Publishers() as publishers:
        for _ in range(len(versions)):
            for version in versions:
                publishers.start("publish", build.root, tmp_path / f"work-{version}", version)
            outcomes = publishers.wait(len(versions))
            assert set(outcomes) <= {"done", "refused"}
            assert "done" in outcomes
            if "refused" not in outcomes:
                break
        for version in versions:
            publishers.start("publish", build.root, tmp_path / f"work-{version}", version)
            assert publishers.wait() == ["done"]
    assert biodata_cache.get_cache_versions() == [f"bdc-v{version}" for version in versions]


@pytest.mark.parametrize(
    "fault",
    ["503", *(pytest.param(each, marks=pytest.mark.slow) for each in FAULTS if each != "503")],
)
def test_a_read_of_which_any_request_goes_wrong(
    build: Build, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    publish(build.make({"1": "a"}).settings)
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
    biodata_cache.assets()
    proxy.reset()
    biodata_cache.assets()
    for number in range(1, len(proxy.requests) + 1):
        proxy.reset()
        proxy.fault = lambda at, *_, number=number: fault if at == number else None
        assert biodata_cache.assets()["name"].tolist() == ["a", "b"]
        assert proxy.faults == 1

"""A publish or a rollback to a folder that is killed, or finds the disk full, after any write."""

from __future__ import annotations

import errno
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest
from built import Build

import biodata_cache
from biodata_cache._cli import cli
from biodata_cache._publish.pending import Pending
from biodata_cache._publish.publish import publish
from biodata_cache._publish.verify import verify
from biodata_cache._storage.open import open_storage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STATES = [
    ({"1": "a", "2": "a", "3": "a"}, "first"),
    ({"1": "b", "3": "a", "4": "a"}, "second"),
]
WRITES = {"os.rename", "os.remove", "os.link"}


@pytest.fixture
def builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Build]:
    """Two builds, of which the first is published, then the second."""
    root = str(tmp_path / "root")
    monkeypatch.setenv("BIODATA_CACHE_ROOT", root)
    monkeypatch.setenv("BIODATA_CACHE_LOCAL_CACHE", str(tmp_path / "copies"))
    made = []
    for number, (subjects, assets) in enumerate(STATES):
        each = Build(tmp_path / f"work{number}", root)
        day = f"2026-01-0{number + 1}T00:00:00Z"
        made.append(each.make(subjects, assets=assets, built_at=day))
        publish(made[-1].settings)
    return made


def arguments(what: str, build: Build) -> list[str]:
    if what == "rollback":
        (name,) = (
            path.stem
            for path in (build.area.parents[3] / "root").rglob(".builds/*/2026010*.json")
            if path.name.startswith("20260101" if "work0" in str(build.work) else "20260102")
        )
        return ["rollback", "--to", name, "--root", build.root, "--work", str(build.work)]
    return ["publish", "--force", "--root", build.root, "--work", str(build.work)]


def run_until(writes: int, how: str, given: list[str]) -> int:
    """Run a command in a process of its own that does not get beyond so many writes; its status."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    done = 0

    def hook(event: str, args: tuple[object, ...]) -> None:
        nonlocal done
        if event not in WRITES or "/root/" not in str(args[0]):
            return
        done += 1
        if done <= writes:
            return
        if how == "disk full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.kill(os.getpid(), signal.SIGKILL if how == "SIGKILL" else signal.SIGTERM)

    sys.addaudithook(hook)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    try:
        cli.main(args=given, prog_name="biodata-cache", standalone_mode=True)
    except SystemExit as end:
        os._exit(int(end.code or 0) if isinstance(end.code, int | None) else 1)
    except BaseException:  # noqa: BLE001  # a child of a test never returns
        os._exit(99)
    os._exit(0)


def seen() -> int:
    """The build that readers see, whole."""
    values = biodata_cache.quality_control()
    found = dict(zip(values["subject_id"], values["value"], strict=True))
    projects = set(biodata_cache.assets()["project_name"])
    joined = biodata_cache.sql(
        "select count(*) as number from quality_control, assets where value = 'b'"
    )
    number = STATES.index((found, *projects))
    assert int(joined["number"].iloc[0]) == (2 if number else 0)
    return number


def kill_at(builds: list[Build], what: str, how: str, points: Callable[[int], bool]) -> int:
    """Kill the way from one build to the other at many points; how often it was killed."""
    storage, folder = open_storage(builds[0].settings), builds[0].area.name
    turn, killed, writes = 0, 0, -1
    while True:
        writes += 1
        if not points(writes):
            continue
        given = arguments(what, builds[turn])
        code = run_until(writes, how, given)
        seen()
        found = verify(storage, folder)
        assert not found.damaged_before
        assert not found.damaged or Pending(storage, folder).is_there, found.damaged
        if code == 0:
            return killed
        assert code in {"SIGKILL": {-9}, "SIGTERM": {-15, 143}, "disk full": {1}}[how], code
        killed += 1
        cli.main(args=given, prog_name="biodata-cache", standalone_mode=False)
        assert seen() == turn
        assert verify(storage, folder).damaged == []
        assert not Pending(storage, folder).is_there
        assert not list((builds[0].area.parents[3] / "root").rglob(".unfinished-*"))
        turn = 1 - turn


@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "disk full"])
@pytest.mark.parametrize("what", ["publish", "rollback"])
def test_it_ends_after_a_write(builds: list[Build], what: str, how: str) -> None:
    points = {2, 6, 11, 400}
    assert kill_at(builds, what, how, points.__contains__) == 3


@pytest.mark.slow
@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "disk full"])
@pytest.mark.parametrize("what", ["publish", "rollback"])
def test_it_ends_after_every_write(builds: list[Build], what: str, how: str) -> None:
    assert kill_at(builds, what, how, lambda _: True) > 12

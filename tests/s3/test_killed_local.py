"""A publish or a rollback to a folder that is killed, or finds the disk full, after any write."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from built import Build

import biodata_cache
from biodata_cache import LockedError
from biodata_cache._cli import cli
from biodata_cache._core import layout as _layout
from biodata_cache._core.work_lock import work_locked
from biodata_cache._publish.publish import publish
from biodata_cache._publish.snapshots.pending import Pending
from biodata_cache._publish.snapshots.verify import verify
from biodata_cache._storage.open import open_storage

if TYPE_CHECKING:
    from collections.abc import Callable

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


def run_until(writes: int, how: str, given: list[str], when_opened: int = 2) -> int:
    """Run a command in a process of its own that does not get beyond so many writes; its status.

    Where `how` is a file, it gets other bytes when it is opened for the given time.
    """
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    done = opened = 0

    def hook(event: str, args: tuple[object, ...]) -> None:
        nonlocal done, opened
        if event == "open" and str(args[0]) == how:
            opened += 1
            if opened == when_opened:
                Path(how).write_bytes(b"other bytes")
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


@pytest.mark.parametrize(("what", "how"), [("publish", "SIGKILL"), ("rollback", "disk full")])
def test_it_ends_after_a_write(builds: list[Build], what: str, how: str) -> None:
    assert kill_at(builds, what, how, {6, 400}.__contains__) == 1


@pytest.mark.slow
@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "disk full"])
@pytest.mark.parametrize("what", ["publish", "rollback"])
def test_it_ends_after_every_write(builds: list[Build], what: str, how: str) -> None:
    assert kill_at(builds, what, how, lambda _: True) > 12


@pytest.mark.parametrize(
    ("options", "opened"), [([], 1), pytest.param(["--full"], 2, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("name", ["bdc-v*/qc/subject_id=1/data.pqt", "objects/quality_control.pqt"])
def test_what_changed_after_the_audit_is_not_published(
    builds: list[Build], name: str, options: list[str], opened: int
) -> None:
    """With `--full` the file is opened to be audited first, and without only to be copied."""
    storage, folder = open_storage(builds[0].settings), builds[0].area.name
    (path,) = builds[0].area.parent.glob(name)
    content = path.read_bytes()
    # Objects of a build that was published before are there, and not written again.
    storage.delete([_layout.object_path(f"{hashlib.sha256(content).hexdigest()}.pqt")])
    given = [*arguments("publish", builds[0]), *options]
    assert run_until(1000, str(path), given, opened) == 1
    assert seen() == 1, "the build that was there before"
    found = verify(storage, folder)
    assert not found.damaged or Pending(storage, folder).is_there
    path.write_bytes(content)
    publish(builds[0].settings)
    assert seen() == 0
    assert verify(storage, folder).damaged == []


def test_nobody_builds_in_a_folder_that_is_published_from(builds: list[Build]) -> None:
    with (
        work_locked(builds[0].work),
        pytest.raises(LockedError, match="Another build or publish runs"),
    ):
        publish(builds[0].settings)

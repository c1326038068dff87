"""Whatever is published, rolled back and damaged in whatever order: what is there is one build."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from built import Build
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from biodata_cache import CacheNotFoundError
from biodata_cache._core.layout import partition_path
from biodata_cache._publish.publish import publish, rollback
from biodata_cache._publish.snapshots.builds import kept_builds
from biodata_cache._publish.snapshots.verify import verify
from biodata_cache._storage.open import open_storage
from examples import drawn

SUBJECTS = st.dictionaries(
    st.sampled_from(["0451", "451", "a/b", "..", "*[0]?", "é", ""]),
    st.sampled_from(["a", "b"]),
    min_size=1,
)


class Publishing(RuleBasedStateMachine):
    """A root, and what should be live in it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.build = Build(self.folder / "work", str(self.folder / "root"))
        self.live: dict[str, str] | None = None
        self.states: dict[str, dict[str, str]] = {}
        self.clock = 0

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @property
    def home(self) -> Path:
        return self.folder / "root/data-asset-cache"

    @rule(subjects=SUBJECTS)
    def publish(self, subjects: dict[str, str]) -> None:
        self.clock += 1
        day = f"2026-01-01T00:{self.clock // 60:02}:{self.clock % 60:02}Z"
        report = publish(self.build.make(subjects, built_at=day).settings, force=True)
        if subjects == self.live:
            assert (report.written, report.objects) == (0, 0)
        self.live = self.states[report.build] = subjects
        assert publish(self.build.settings).written == 0

    @precondition(lambda self: self.live is not None)
    @rule()
    def roll_back(self) -> None:
        try:
            report = rollback(self.build.settings)
        except CacheNotFoundError:
            return
        self.live = self.states[report.build]

    @precondition(lambda self: self.live is not None)
    @rule(data=st.data())
    def roll_back_to(self, data: st.DataObject) -> None:
        storage = open_storage(self.build.settings)
        kept = [each.build for each in kept_builds(storage, self.build.area.name)]
        assert set(kept) == set(self.states), "none is lost within its days"
        report = rollback(self.build.settings, to=data.draw(st.sampled_from(kept)))
        self.live = self.states[report.build]

    @precondition(lambda self: self.live is not None)
    @rule(data=st.data())
    def damage(self, data: st.DataObject) -> None:
        """A public file is damaged; a rollback to the build that is live puts it right."""
        paths = sorted((self.home / self.build.area.name).glob("qc/*/data.pqt"))
        data.draw(st.sampled_from(paths)).write_bytes(b"damaged")
        storage, folder = open_storage(self.build.settings), self.build.area.name
        assert len(verify(storage, folder).damaged) == 1
        live = max(name for name, state in self.states.items() if state == self.live)
        rollback(self.build.settings, to=live)

    @invariant()
    def what_is_there_is_one_build(self) -> None:
        if self.live is None:
            return
        storage, folder = open_storage(self.build.settings), self.build.area.name
        found = verify(storage, folder)
        assert (found.damaged, found.damaged_before) == ([], [])
        files = {
            path.relative_to(self.home / folder).as_posix()
            for path in (self.home / folder).glob("qc/*/data.pqt")
        }
        assert files == {partition_path("qc", "subject_id", subject) for subject in self.live}


Publishing.TestCase.settings = settings(max_examples=drawn(6), stateful_step_count=8)
TestPublishing = pytest.mark.nightly(pytest.mark.slow(Publishing.TestCase))

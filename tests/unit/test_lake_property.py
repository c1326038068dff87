"""Whatever happens to a source and to runs, in any order: the lake becomes the source."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from biodata_cache._core.settings.values import ExtractOptions
from examples import drawn
from extract.documents.document import bucket_of
from extract.lake import compaction
from extract.lake.lake import Lake
from extract.lake.policy import Policy
from extract.pipeline import extract
from extract.sources.base import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

POLICY = Policy(group_rows=4, file_bytes=400, many_small=4, output_bytes=900, batch_rows=3)
KEYS = st.sampled_from([f"record-{number}" for number in range(9)])
_LIVE = """
select _id, name, bucket
from read_parquet($files)
qualify run = max(run) over (partition by _id) and not is_deleted
order by all
"""


class Kept:
    """Documents in their order: `_id` and a value each."""

    description = "test"
    size = None
    files = None

    def __init__(self) -> None:
        self.rows: list[tuple[str, str]] = []

    def documents(self) -> Iterator[Document]:
        for number, (key, value) in enumerate(self.rows, start=1):
            yield Document(json.dumps({"_id": key, "name": value}).encode(), "test", number)


class KilledError(BaseException):
    """Stands for SIGKILL: nothing of ours may catch it and go on."""


class Nights(RuleBasedStateMachine):
    """Nights of a lake."""

    @initialize()
    def begin(self) -> None:
        import tempfile

        self.folder = Path(tempfile.mkdtemp())
        self.source = Kept()
        self.is_current = False
        self.number = 0

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)

    @rule(key=KEYS, is_double=st.booleans())
    def write(self, *, key: str, is_double: bool) -> None:
        """Insert or change a record; or put a second document with the same `_id` beside it."""
        self.number += 1
        others = self.source.rows if is_double else [r for r in self.source.rows if r[0] != key]
        self.source.rows = [*others, (key, f"v{self.number}")]
        self.is_current = False

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        self.source.rows = [row for row in self.source.rows if row[0] != key]
        self.is_current = False

    @rule(is_full=st.booleans())
    def night(self, *, is_full: bool) -> None:
        options = ExtractOptions(allow_shrink=True, full=is_full)
        extract(self.source, self.folder, options=options, policy=POLICY)
        self.is_current = True

    @rule(after=st.integers(0, 12), is_full=st.booleans())
    def killed_night(self, *, after: int, is_full: bool) -> None:
        """Stopped at a step that changes the folder, as if by SIGKILL."""
        before = self.live() if self.is_current else None
        with _killed(after) as state:
            try:
                self.night(is_full=is_full)
            except KilledError:
                self.is_current = before is not None
        if state["left"] >= 0:
            self.is_current = True

    @rule()
    def compact(self) -> None:
        lake = Lake(self.folder, "docdb_v2", POLICY)
        if lake.store.has_list():
            with lake.locked():
                compaction.compact(lake)

    @rule(place=st.floats(0, 1), number=st.integers(0, 99))
    def damage(self, place: float, number: int) -> None:
        """A byte of a file of the lake flips on the disk; the next night mends it."""
        lake = Lake(self.folder, "docdb_v2", POLICY)
        files = lake.store.listed() if lake.store.has_list() else []
        if files:
            path = lake.folder / files[number % len(files)].name
            content = bytearray(path.read_bytes())
            content[int(place * (len(content) - 1))] ^= 0x10
            path.write_bytes(content)
            self.night(is_full=False)

    def live(self) -> list[tuple[Any, ...]]:
        files = [str(path) for path in Lake(self.folder, "docdb_v2").files()]
        with duckdb.connect() as connection:
            return connection.execute(_LIVE, {"files": files}).fetchall() if files else []

    @invariant()
    def the_lake_is_the_source(self) -> None:
        if getattr(self, "is_current", False):
            wanted = sorted({(key, value, bucket_of(key)) for key, value in self.source.rows})
            assert sorted(set(self.live())) == wanted
            with Lake(self.folder, "docdb_v2").state() as state:
                assert state.live == len({key for key, _ in self.source.rows})


class _killed:  # noqa: N801  # a context manager
    """From some step on, nothing reaches the disk: the process is as good as dead."""

    def __init__(self, after: int) -> None:
        self.state = {"left": after}
        self._saved = {name: getattr(Path, name) for name in ("replace", "unlink")}

    def __enter__(self) -> dict[str, int]:
        def stopping(name: str) -> Any:
            original = self._saved[name]

            def step(path: Path, *arguments: Any, **options: Any) -> Any:
                if ".lock" not in path.name:
                    self.state["left"] -= 1
                    if self.state["left"] < 0:
                        raise KilledError(os.fspath(path))
                return original(path, *arguments, **options)

            return step

        for name in self._saved:
            setattr(Path, name, stopping(name))
        return self.state

    def __exit__(self, *_: object) -> None:
        for name, original in self._saved.items():
            setattr(Path, name, original)


TestNights = Nights.TestCase
TestNights.settings = settings(max_examples=2, stateful_step_count=10)


@pytest.mark.nightly
@pytest.mark.slow
class TestManyNights(Nights.TestCase):  # type: ignore[misc,name-defined]
    settings = settings(max_examples=drawn(40), stateful_step_count=16)

"""Whatever is done to storages in whatever order, all of them answer the same."""

from __future__ import annotations

import hashlib
import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from biodata_cache import CacheFileError
from biodata_cache._storage.local import LocalStorage
from biodata_cache._storage.memory import MemoryStorage
from biodata_cache._storage.s3 import S3Storage
from biodata_cache._storage.s3_client import access
from examples import drawn

if TYPE_CHECKING:
    from collections.abc import Callable

    from server import Server

    from biodata_cache._storage.base import Storage

# A file has no files below it, as in a folder.
FILES = ["a", "b/c", "b/d e", "b-/c", "b.", "é/ü%20=+&", "b/f/g", "x=1/data.pqt", f"o/{'0a' * 32}"]
NEVER = ["b", "a/x", "none", "é"]
BAD = ["", "/a", "a/", "/b/c", "b//c", ".", "b/../a", "b/./c", "b\\c", "a\0"]
PREFIXES = ["", "b", "b/", "b/f", "b/f/", "none/", "x", "x=1/d", "é/", "b.", "a"]
contents = st.one_of(st.binary(max_size=40), st.just(b"xy" * 60))
files = st.sampled_from(FILES)
anything = st.sampled_from(FILES + NEVER)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Storages(RuleBasedStateMachine):
    """Each operation is done to all storages and to a dict; what comes of it is compared."""

    make: Callable[[], Storage]

    def __init__(self) -> None:
        super().__init__()
        self.scratch = tempfile.TemporaryDirectory()
        folder = Path(self.scratch.name)
        self.storages = [LocalStorage(folder / "root", "p/q"), MemoryStorage(), type(self).make()]
        self.expected: dict[str, bytes] = {}
        self.tags: dict[str, tuple[str, ...]] = {}
        self.old: dict[str, tuple[str, ...]] = {}

    def teardown(self) -> None:
        self.scratch.cleanup()

    def each(self, ask: Callable[[Storage], Any]) -> Any:
        """The one answer of all storages."""
        answers = [ask(storage) for storage in self.storages]
        assert all(answer == answers[0] for answer in answers), answers
        return answers[0]

    def refused(self, ask: Callable[[Storage], Any]) -> None:
        for storage in self.storages:
            with pytest.raises(CacheFileError):
                ask(storage)

    def written(self, path: str, data: bytes, tags: list[str]) -> None:
        if path in self.tags and self.expected.get(path) != data:
            self.old[path] = self.tags[path]
        self.expected[path], self.tags[path] = data, tuple(tags)

    @rule(path=files, data=contents, is_file=st.booleans())
    def put(self, path: str, data: bytes, is_file: bool) -> None:  # noqa: FBT001
        source: bytes | Path = data
        if is_file:
            source = Path(self.scratch.name) / "source"
            source.write_bytes(data)
        tags = [storage.put(path, source, sha256(data)) for storage in self.storages]
        self.written(path, data, tags)

    @rule(path=files, data=contents)
    def put_other_bytes(self, path: str, data: bytes) -> None:
        self.refused(lambda storage: storage.put(path, data + b"!", sha256(data)))

    @rule(path=st.sampled_from(BAD), data=contents)
    def write_to_no_path(self, path: str, data: bytes) -> None:
        self.refused(lambda storage: storage.put(path, data, sha256(data)))
        self.refused(lambda storage: storage.put_if(path, data, None))

    @rule(path=files, data=contents, which=st.sampled_from(["none", "now", "old"]))
    def put_if(self, path: str, data: bytes, which: str) -> None:
        tags = {"none": {}, "now": self.tags, "old": self.old}[which].get(path)
        now = self.expected.get(path)
        may = now == data or (tags is None and now is None) or (tags is not None and which == "now")
        answers = [
            storage.put_if(path, data, None if tags is None else tags[number])
            for number, storage in enumerate(self.storages)
        ]
        assert [answer is not None for answer in answers] == [may] * len(answers), (now, tags)
        if may:
            self.written(path, data, [str(answer) for answer in answers])

    @rule(path=anything, to=files)
    def copy(self, path: str, to: str) -> None:
        if path not in self.expected:
            self.refused(lambda storage: storage.copy(path, to))
        elif path != to:
            tags = [storage.copy(path, to) for storage in self.storages]
            stats = [storage.stat(to) for storage in self.storages]
            assert tags == [stat and stat.tag for stat in stats]
            self.written(to, self.expected[path], tags)

    @rule(paths=st.lists(anything, max_size=4))
    def delete(self, paths: list[str]) -> None:
        self.each(lambda storage: storage.delete(paths))
        for path in paths:
            self.forget(path)

    @rule(path=files, which=st.sampled_from(["now", "old"]))
    def delete_if(self, path: str, which: str) -> None:
        tags = {"now": self.tags, "old": self.old}[which].get(path)
        if tags is None:
            return
        found = [
            storage.delete_if(path, tags[number]) for number, storage in enumerate(self.storages)
        ]
        assert found == [which == "now" or path not in self.expected] * len(found)
        if found[0]:
            self.forget(path)

    def forget(self, path: str) -> None:
        self.expected.pop(path, None)
        self.tags.pop(path, None)
        self.old.pop(path, None)

    @rule(path=st.sampled_from(FILES + NEVER + BAD), first=st.sampled_from([None, 1, 10, 500]))
    def read(self, path: str, first: int | None) -> None:
        def got(storage: Storage) -> bytes | None:
            found = storage.get(path, first=first)
            return None if found is None else found.content

        def stat(storage: Storage) -> int | None:
            found = storage.stat(path)
            return None if found is None else found.size

        data = self.expected.get(path)
        assert self.each(got) == (None if data is None else data[:first])
        assert self.each(stat) == (None if data is None else len(data))
        assert self.each(lambda storage: storage.sha256(path)) == (
            None if data is None else sha256(data)
        )

    @rule(path=anything, is_right=st.booleans())
    def read_on_a_condition(self, path: str, is_right: bool) -> None:  # noqa: FBT001
        tags, data = self.tags.get(path), self.expected.get(path, b"")
        target = Path(self.scratch.name) / "target"
        wanted = sha256(data if is_right else data + b"!")
        is_there = self.each(lambda storage: storage.download(path, target, sha256=wanted))
        assert is_there == (is_right and path in self.expected)
        assert target.exists() == is_there
        if is_there:
            assert target.read_bytes() == data
            target.unlink()
        if tags is None:
            return
        for storage, tag in zip(self.storages, tags, strict=True):
            got = storage.get(path, only=tag)
            assert got is not None
            assert (got.content, got.tag) == (data, tag)
            assert storage.get(path, unless=got) is got
            old = self.old.get(path, ("never",) * 3)[self.storages.index(storage)]
            assert storage.get(path, only=old) is None
            stat = storage.stat(path)
            assert stat is not None
            assert storage.holds(path, stat, data, sha256(data))
            assert not storage.holds(path, stat, data + b"!", sha256(data + b"!"))

    @rule(prefix=st.sampled_from(PREFIXES))
    def look_around(self, prefix: str) -> None:
        found = self.each(
            lambda storage: [(path, stat.size) for path, stat in storage.list(prefix)]
        )
        assert found == sorted(
            (path, len(data)) for path, data in self.expected.items() if path.startswith(prefix)
        )
        start = f"{prefix.rstrip('/')}/" if prefix else ""
        below = [path[len(start) :] for path in self.expected if path.startswith(start)]
        names = sorted({path.partition("/")[0] for path in below if "/" in path})
        assert self.each(lambda storage: storage.folders(prefix)) == names

    @invariant()
    def same_tags(self) -> None:
        for number, storage in enumerate(self.storages):
            tags = {path: stat.tag for path, stat in storage.list("")}
            assert tags == {path: each[number] for path, each in self.tags.items()}


@pytest.mark.nightly
@pytest.mark.parametrize("examples", [5, pytest.param(drawn(50), marks=pytest.mark.slow)])
def test_all_storages_behave_alike(aws: Server, bucket: str, examples: int) -> None:
    def make() -> Storage:
        return S3Storage(bucket, secrets.token_hex(8), access(), part_bytes=100)

    machine = type("Machine", (Storages,), {"make": staticmethod(make)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            phases=[Phase.explicit, Phase.generate],  # to shrink takes minutes
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )

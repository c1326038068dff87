"""Whatever happened to documents of lakes, locks and dbt: an error that names them, or no harm."""

from __future__ import annotations

import json
import math
import shutil
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from damage import VALUES, damaged_json, odd_json, renamed_json
from hypothesis import given, settings
from hypothesis import strategies as st
from published_cache import Published

from biodata_cache import CacheError
from biodata_cache._core.errors import LockedError
from biodata_cache._core.layout import rollback_path
from biodata_cache._core.settings import values as _settings
from biodata_cache._pipeline import lake as _lake
from biodata_cache._pipeline.dbt import staging
from biodata_cache._pipeline.dbt.events import Event, parse_event
from biodata_cache._publish.rollback import check_not_rolled_back, rolled_back_to
from biodata_cache._publish.snapshots.builds import kept_builds, last_rollback, tidy_up
from biodata_cache._storage.lease import HeldLease
from biodata_cache._storage.local import LocalStorage
from biodata_cache._storage.memory import MemoryStorage
from examples import TIMES, drawn
from extract.lake.lake import Lake
from extract.lake.rejects import RejectWriter
from extract.objects.object_tables import TableFolder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.nightly
LEASE = {"owner": "host:1:ab", "seconds": 60.0, "expires_at": "2026-01-01", "renewal": "ab"}
FACT = {"name": "EndOfResult", "msg": "1 of 2 OK"}
NODE = {"index": 1, "total": 2, "num_models": 2, "node_info": {"node_name": "assets"}}
SCHEMA = pa.schema([pa.field("a", pa.string())])
LAKE = {f"docdb_v2/{number}.parquet": bytes([number]) for number in (1, 2)}


class Document(ABC):
    """A document, sound at first, and what reads it."""

    name: str
    sound: bytes

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def read(self, content: bytes) -> None:
        """Write the document with this content, and read it."""


class LeaseDocument(Document):
    """Who finds a lock that says nothing takes it for one of the usual length."""

    name = "memory"
    sound = json.dumps(LEASE).encode()

    def read(self, content: bytes) -> None:
        storage = MemoryStorage()
        storage.put_if("lock.json", content, None)
        with pytest.raises(LockedError, match=r"at work, of .*ends in") as refused:
            HeldLease(storage, "lock.json", 30.0, "publish").acquire()
        ends = float(str(refused.value).rpartition("ends in ")[2].removesuffix(" s."))
        assert math.isfinite(ends)
        assert ends <= 86_400


class RollbackDocument(Document):
    """Whatever it holds, a publish over a rollback is refused."""

    name = "rolled_back.json"
    sound = b'{"from": "b", "to": "a", "at": "2026-01-01T00:00:00+00:00"}'

    def read(self, content: bytes) -> None:
        storage = LocalStorage(self.folder, "data-asset-cache")
        (self.folder / "data-asset-cache/.builds/bdc-v0.50.0").mkdir(parents=True, exist_ok=True)
        path = _rollback_path(storage)
        path.write_bytes(content)
        assert isinstance(last_rollback(storage, "bdc-v0.50.0"), str)
        assert rolled_back_to(storage, "bdc-v0.50.0") is not None
        with pytest.raises(CacheError, match="was rolled back to"):
            check_not_rolled_back(storage, "bdc-v0.50.0")


class KeptBuild(Document):
    """A build whose registry cannot be read is named, and none of its objects goes."""

    name = ".json"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        cache = Published(folder)
        cache.plain("assets", "select 'a' as name")
        self._build = cache.build()
        self._cache = cache
        self._path = cache.home / ".builds/bdc-v0.50.0" / f"{self._build}.json"
        self.sound = self._path.read_bytes()
        self._objects = {path.name for path in (cache.home / ".objects").iterdir()}

    def read(self, content: bytes) -> None:
        storage = LocalStorage(self.folder, "data-asset-cache")
        self._path.write_bytes(content)
        tidy_up(storage, 14.0, 24.0)
        assert {path.name for path in (self._cache.home / ".objects").iterdir()} == self._objects
        for build in kept_builds(storage, "bdc-v0.50.0"):
            assert build.build == self._build


class ShardList(Document):
    """The files of a shard are those that it lists, or it is named."""

    name = "shard-1-of-1"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        path = folder / "made/stg_docdb__subjects/shard-1-of-1.parquet"
        path.parent.mkdir(parents=True)
        path.write_text("rows")
        self._storage = LocalStorage(folder / "stored")
        staging.write(self._storage, staging.Shard(1, 1), "state", folder / "made")
        (self._path,) = (folder / "stored").rglob("shard-1-of-1.json")
        self.sound = self._path.read_bytes()
        self._files = ("stg_docdb__subjects", path.name)

    def read(self, content: bytes) -> None:
        self._path.write_bytes(content)
        target = self.folder / "fetched"
        target.mkdir(exist_ok=True)
        try:
            staging.fetch(self._storage, "state", target)
        except CacheError as error:
            if "another state of the lake" not in str(error):
                raise
        else:
            assert [path.name for path in target.rglob("*")] == [*self._files]
        finally:
            shutil.rmtree(target)


class CopyList(Document):
    """Whatever is remembered of a copy, it is that of the bucket in the end."""

    name = ".copy.json"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._storage = MemoryStorage()
        for path, content in LAKE.items():
            self._storage.put_if(path, content, None)
        self._settings = _settings.load(work=str(folder / "work"), raw="s3://bucket/lake")
        with _lake.reading(self._settings, storage=self._storage) as copy:
            self._path = copy / ".copy.json"
        self.sound = self._path.read_bytes()
        assert len(json.loads(self.sound)) == len(LAKE)

    def read(self, content: bytes) -> None:
        self._path.write_bytes(content)
        with _lake.reading(self._settings, storage=self._storage) as copy:
            found = {path.relative_to(copy).as_posix() for path in copy.rglob("*.parquet")}
            assert found == LAKE.keys()
            assert all((copy / path).read_bytes() == LAKE[path] for path in found)
        assert self._path.read_bytes() == self.sound


class RejectsList(Document):
    """A list of rejects that cannot be read costs the rejects, not the run."""

    name = "files.json"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._lake = Lake(folder / "raw", "docdb_v2")
        self._write()
        self.sound = (folder / "raw/rejects/files.json").read_bytes()

    def _write(self) -> RejectWriter:
        writer = RejectWriter(self._lake, "file:a")
        writer.add("a", 1, "no JSON", b"{", (None, None))
        writer.keep_repairs(set)
        writer.close()
        return writer

    def read(self, content: bytes) -> None:
        (self.folder / "raw/rejects/files.json").write_bytes(content)
        writer = self._write()
        # The list, or a file that an old list names and that is not there any more.
        assert all("/rejects/" in line and len(line) < 2_000 for line in writer.damaged)
        again = RejectWriter(self._lake, "file:a")
        again.abandon()
        assert again.damaged == []


class ObjectsList(Document):
    """A list of answers that cannot be read is named."""

    name = "files.json"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        TableFolder(folder / "answers", SCHEMA).write("t", pa.table({"a": ["b"]}))
        self.sound = (folder / "answers/files.json").read_bytes()

    def read(self, content: bytes) -> None:
        (self.folder / "answers/files.json").write_bytes(content)
        table = TableFolder(self.folder / "answers", SCHEMA).read("t")
        assert table is None or table.to_pydict() == {"a": ["b"]}


class EventLine(Document):
    """A line of dbt is an event, or itself."""

    sound = json.dumps({"info": FACT, "data": NODE}).encode()

    def read(self, content: bytes) -> None:
        event = parse_event(content.decode(errors="replace"))
        assert event.message is None or isinstance(event.message, str)
        assert event.ended is None or isinstance(event.ended + event.total, int)
        assert isinstance(event.node, str)


DOCUMENTS: dict[str, Callable[[Path], Document]] = {
    each.__name__: each
    for each in (
        LeaseDocument, RollbackDocument, KeptBuild, ShardList, CopyList, RejectsList, ObjectsList,
        EventLine,
    )
}  # fmt: skip


def _rollback_path(storage: LocalStorage) -> Path:
    return storage.root / "data-asset-cache" / rollback_path("bdc-v0.50.0")


def _read(document: Document, content: bytes) -> None:
    try:
        document.read(content)
    except CacheError as error:
        assert document.name in str(error)  # noqa: PT017
        assert len(str(error)) < 2_000  # noqa: PT017


def test_a_sound_document_is_read(tmp_path: Path) -> None:
    for name, make in DOCUMENTS.items():
        document = make(tmp_path / name)
        document.read(document.sound)
    line = EventLine.sound.decode()
    assert parse_event(line) == Event("1 of 2 OK", ended=1, total=2, node="assets")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_damaged_document_is_named_or_does_no_harm(name: str, tmp_path: Path) -> None:
    document = DOCUMENTS[name](tmp_path)

    @settings(max_examples=drawn(8))
    @given(data=st.data())
    def check(data: st.DataObject) -> None:
        _read(document, data.draw(damaged_json(document.sound)))

    check()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_value_and_no_key_can_be_taken_for_granted(name: str, tmp_path: Path) -> None:
    document = DOCUMENTS[name](tmp_path)
    for content in odd_json(document.sound, ("null", '"2026-01-01"') if TIMES == 1 else VALUES):
        _read(document, content)
    for content in renamed_json(document.sound):
        _read(document, content)

"""Whatever happened to a JSON document: an error of ours that names it, or an answer."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from damage import VALUES, damaged_json, odd_json
from hypothesis import given, settings
from hypothesis import strategies as st
from published_cache import Published

from biodata_cache import CacheError
from biodata_cache._cli import cli
from biodata_cache._core.settings import values as _settings
from biodata_cache._pipeline.dbt import last_build
from biodata_cache._pipeline.dbt.failed_nodes import failed_nodes
from biodata_cache._pipeline.run_report import Run, Stage
from biodata_cache._publish import last_publish
from biodata_cache._publish.build.artifacts import read_manifest, read_results
from biodata_cache._publish.build.build_manifest import BuildManifest
from biodata_cache._publish.root_documents import read_status, released
from biodata_cache._publish.snapshots.pending import Pending
from biodata_cache._reader.files.verified import VerifiedFiles
from biodata_cache._storage.local import LocalStorage
from examples import TIMES, drawn
from extract.lake.folder import Folder
from extract.pipeline import extract
from extract.run_records import last_whole_reading
from extract.sources.open import open_source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [
    pytest.mark.nightly,
    # An index that names a newer version makes a command warn: a right answer.
    pytest.mark.filterwarnings("default::biodata_cache.VersionWarning"),
]
VERSION = f"bdc-v{_settings.installed_version()}"
NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)
LATER = datetime(2027, 1, 2, tzinfo=timezone.utc)


class Place:
    """A work folder and a root with one of each document, and what reads it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work, self.root, self.raw = folder / "work", folder / "root", folder / "raw"
        self.cache = Published(self.root, _settings.installed_version())
        self.cache.plain("assets", "select 'a' as name, 'p' as project_name")
        self.cache.build()
        self.storage = LocalStorage(self.root, "data-asset-cache")
        (folder / "a.jsonl").write_text('{"_id": "1"}\n{"_id": "2"}\n')
        extract(open_source(str(folder / "a.jsonl")), self.raw)
        self.paths = self._write()
        self.sound = {name: path.read_bytes() for name, path in self.paths.items()}

    def _write(self) -> dict[str, Path]:
        settings = _settings.load(root=str(self.root), work=str(self.work))
        (self.work / "target").mkdir(parents=True)
        home, target = self.cache.home, self.work / "target"
        run = Run("extract", settings, error=CacheError("it broke\noff"))
        run.stages.append(Stage("extract", 2.0, 1, 2))
        run.begin()
        run.end(None)
        result = {"status": "fail", "unique_id": "test.p.unique", "failures": 1, "message": "Got 1"}
        metadata = {"invocation_id": "i", "generated_at": "2026-01-01T00:00:00Z"}
        node = {
            "resource_type": "test",
            "name": "unique",
            "attached_node": "model.p.assets",
            "relation_name": '"a"',
            "original_file_path": "a.sql",
            "package_name": "p",
            "config": {"meta": {}},
            "compiled_path": "target/a.sql",
        }
        table = {"rows": 1, "bytes": 2}
        build = {"build": "b", "built_at": "2026-01-01T00:00:00Z", "tables": {"assets": [1, 2]}}
        time = NOW.isoformat()
        good = last_build.GoodBuild("l", "p", time, time, time, {"cache/a": "s"})
        known = last_publish.FileState("t", "s")
        last = last_publish.LastPublish("m", 1, NOW, NOW, LATER, {"a": known}, {"b": "t"})
        last_publish.write_last(self.work, "here", last)
        status = {"checked_at": time, "audited_at": time, "build": "b", "newest_extract": time}
        registry = json.loads((self.cache.folder / "cache_registry.json").read_text())
        documents: dict[Path, Any] = {
            home / "cache_versions.json": [VERSION],
            home / "cache_status.json": {"versions": {VERSION: status | {"found": table}}},
            home / VERSION / "cache_history.json": {"builds": [build]},
            home / ".builds" / VERSION / "pending.json": registry | {"is_rollback": False},
            target / "manifest.json": {"metadata": metadata, "nodes": {"test.p.unique": node}},
            target / "run_results.json": {
                "metadata": metadata, "elapsed_time": 2.0, "results": [result],
            },
            target / ".last_good_build.json": asdict(good),
            self.work / ".build_manifest.json": {"a": [1, 2, 3, "s", "c", 4, 5]},
        }  # fmt: skip
        for path, content in documents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content))
        (self.work / "a").write_text("a")
        checked = VerifiedFiles(self.folder / "verified")
        for path in (home / ".objects").glob("*.pqt"):
            checked.check(path)
        (verified,) = (self.folder / "verified").iterdir()
        (published,) = (self.work / ".published").iterdir()
        (record,) = (self.raw / "runs/docdb_v2").glob("*.json")
        return {path.name: path for path in documents} | {
            "registry": self.cache.folder / "cache_registry.json",
            "run report": run.path,
            "run record": record,
            "list of the lake": self.raw / "docdb_v2/files.json",
            "last publish": published,
            "verified": verified,
        }

    def command(self, *arguments: str) -> str | None:
        """What a command that failed says; its JSON can be read if it did not."""
        known = {option for each in cli.commands[arguments[0]].params for option in each.opts}
        places = {"--root": str(self.root), "--work": str(self.work)}
        options = [text for name, it in places.items() if name in known for text in (name, it)]
        done = CliRunner().invoke(cli, [*arguments, *options])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert "Traceback" not in done.stderr + done.stdout
        assert "fault of biodata-cache" not in done.stderr, done.stderr
        if "--json" in arguments and done.stdout:
            json.loads(done.stdout)
        return done.stderr if done.exit_code else None


def _runs(place: Place) -> str | None:
    return place.command("runs") or place.command("runs", "--json")


def _tables(place: Place) -> str | None:
    return place.command("tables", "--json") or place.command("read", "assets")


def _good_build(place: Place) -> None:
    last_build.find(place.work, "p")
    last_build.confirmed_at(place.work)
    last_build.confirm(place.work, NOW)


def _last_publish(place: Place) -> None:
    last = last_publish.read_last(place.work, "here")
    if last is not None:
        last.is_unchanged(place.storage, VERSION, NOW)
        last_publish.write_last(place.work, "here", last)


def _verified(place: Place) -> None:
    checked = VerifiedFiles(place.folder / "verified")
    for path in (place.cache.home / ".objects").glob("*.pqt"):
        checked.check(path)


def _manifest(place: Place) -> None:
    manifest = BuildManifest(place.work)
    manifest.hashes([place.work / "a"])
    manifest.write()


def _whole_reading(place: Place) -> None:
    found = last_whole_reading(place.raw, "docdb_v2", datetime.now(timezone.utc))
    assert found is None or found <= datetime.max.replace(tzinfo=timezone.utc)


READERS: dict[str, tuple[Callable[[Place], Any], ...]] = {
    "cache_versions.json": (
        lambda place: place.command("versions", "--json"),
        lambda place: released(place.storage),
    ),
    "cache_status.json": (
        lambda place: place.command("status", "--json"),
        lambda place: place.command("status"),
        lambda place: place.command("status", "--max-age", "1h"),
        lambda place: read_status(place.storage, VERSION),
    ),
    "cache_history.json": (lambda place: place.command("status"),),
    "pending.json": (lambda place: Pending(place.storage, VERSION).tables, _tables),
    "manifest.json": (
        lambda place: read_manifest(place.work / "target"),
        lambda place: failed_nodes(place.work),
    ),
    "run_results.json": (
        lambda place: read_results(place.work / "target"),
        lambda place: failed_nodes(place.work),
        lambda place: place.command("status"),
    ),
    ".last_good_build.json": (_good_build,),
    ".build_manifest.json": (_manifest,),
    "registry": (
        _tables,
        lambda place: place.command("tables"),
        lambda place: place.command("tables", "assets"),
        lambda place: place.command("status"),
        lambda place: place.command("doctor"),
    ),
    "run report": (_runs, lambda place: place.command("status")),
    "run record": (_whole_reading,),
    "list of the lake": (lambda place: Folder(place.raw / "docdb_v2").listed(),),
    "last publish": (_last_publish,),
    "verified": (_verified, lambda place: place.command("read", "assets")),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("documents"))


def test_each_document_has_its_readers(place: Place) -> None:
    assert place.paths.keys() == READERS.keys()
    for name, readers in READERS.items():
        for read in readers:
            read(place)
            place.paths[name].write_bytes(place.sound[name])


@pytest.mark.parametrize("name", READERS)
def test_a_damaged_document_is_an_error_of_ours_or_an_answer(place: Place, name: str) -> None:
    @settings(max_examples=drawn(8))
    @given(data=st.data())
    def check(data: st.DataObject) -> None:
        _read(place, name, data.draw(damaged_json(place.sound[name])))

    try:
        check()
    finally:
        place.paths[name].write_bytes(place.sound[name])


@pytest.mark.parametrize("name", READERS)
def test_no_value_of_a_document_can_be_taken_for_granted(place: Place, name: str) -> None:
    values = ("null", '"2026-01-01"') if TIMES == 1 else VALUES
    documents = list(odd_json(place.sound[name], values))
    assert len(documents) > len(values)
    try:
        for content in documents:
            _read(place, name, content)
    finally:
        place.paths[name].write_bytes(place.sound[name])


def _read(place: Place, name: str, content: bytes) -> None:
    for read in READERS[name]:
        place.paths[name].write_bytes(content)
        try:
            read(place)
        except CacheError as error:
            assert place.paths[name].name in str(error)  # noqa: PT017
            assert len(str(error)) < 2_000  # noqa: PT017

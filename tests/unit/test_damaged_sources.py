"""Whatever happened to a file of records: what it still holds is read, and nothing is lost."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import zlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bson
import pytest
from damage import VALUES, damaged
from hypothesis import given, settings
from hypothesis import strategies as st

from biodata_cache import CacheError
from examples import drawn
from extract.lake.lake import Lake
from extract.pipeline import extract
from extract.sources.base import SourceOptions
from extract.sources.open import FileSource, open_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from extract.report import Report
    from extract.sources.base import BrokenFile, Document

pytestmark = pytest.mark.nightly
RECORDS = [{"_id": f"r{number}", "subject": {"x": number * "é"}} for number in range(8)]
OTHERS = "".join(f'{{"_id": "s{number}"}}\n' for number in range(8))
LINES = [json.dumps(record).encode() for record in RECORDS]
SOUND = {
    "a.jsonl": b"\n".join(LINES),
    "a.json": b"[" + b",\n".join(LINES) + b"]",
    "a.ndjson": json.dumps(RECORDS, indent=1).encode(),
    "a.bson": b"".join(map(bson.encode, RECORDS)),
}
SOUND |= {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in SOUND.items()}
keys = st.sampled_from(["subject", "quality_control", "other", "name"])


def run(source: Path, raw: Path) -> Report:
    return extract(open_source(str(source)), raw)


def held(raw: Path) -> dict[str, tuple[Any, ...]]:
    with Lake(raw, "docdb_v2").state() as state:
        files = [str(path) for path in Lake(raw, "docdb_v2").files()]
        query = """
            select _id, subject::varchar, quality_control::varchar, extra::varchar
            from read_parquet($files)
            qualify run = max(run) over (partition by _id) and not is_deleted
        """
        return {row[0]: row[1:] for row in state.rows(query, {"files": files})}


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two files for each form, and its lake."""
    top = tmp_path_factory.mktemp("lakes")
    for name, content in SOUND.items():
        folder = top / name
        (folder / "in").mkdir(parents=True)
        (folder / "in/others.jsonl").write_text(OTHERS)
        (folder / "in" / name).write_bytes(content)
        assert run(folder / "in", folder / "raw").new == 16
    return top


@settings(max_examples=drawn(10))
@given(data=st.data(), name=st.sampled_from([*SOUND]))
def test_a_damaged_file_is_named_and_costs_no_other_record(
    data: st.DataObject, name: str, lakes: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("damaged") / "copy"
    shutil.copytree(lakes / name, folder)
    raw, before = folder / "raw", held(folder / "raw")
    content = data.draw(damaged(SOUND[name]))
    (folder / "in" / name).write_bytes(content)
    try:
        report = run(folder / "in", raw)
    except CacheError as error:
        assert name in str(error)  # noqa: PT017
        assert held(raw) == before
        return
    after = held(raw)
    assert {f"s{number}" for number in range(8)} <= after.keys()
    assert report.deleted == len(before.keys() - after.keys())
    if report.incomplete:
        assert report.deleted == 0
    if name.endswith(".gz") and not _is_sound(content):
        assert after == before
        assert report.incomplete
    shutil.rmtree(folder.parent)


class Changing(FileSource):
    """A folder in which something happens to a file once its first document is read."""

    def __init__(self, path: Path, event: Callable[[Path], object]) -> None:
        super().__init__(path.parent, SourceOptions())
        self._event = partial(event, path)

    def documents(self) -> Iterator[Document | BrokenFile]:
        for number, document in enumerate(super().documents()):
            yield document
            if number == 0:
                self._event()


EVENTS: dict[str, Callable[[Path], object]] = {
    "emptied": lambda path: os.truncate(path, 0),
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "written anew": lambda path: path.write_bytes(path.read_bytes()[:200]),
    "replaced": lambda path: Path(shutil.copy(path, f"{path}-new")).replace(path),
    "appended to": lambda path: path.write_bytes(path.read_bytes() * 2),
    "gone": Path.unlink,
    "another name": lambda path: path.rename(f"{path}-old"),
}


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.bson.gz"])
def test_of_a_file_that_changes_while_it_is_read_nothing_is_deleted(
    name: str, event: str, lakes: Path, tmp_path: Path
) -> None:
    shutil.copytree(lakes / name, tmp_path / "copy")
    raw, path = tmp_path / "copy/raw", tmp_path / "copy/in" / name
    before = held(raw)
    report = extract(Changing(path, EVENTS[event]), raw)
    assert (report.deleted, held(raw)) == (0, before)
    assert [name in reason for reason in report.incomplete] == [True]


def _is_sound(content: bytes) -> bool:
    """Whether its checksum is right."""
    try:
        gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return False
    return bool(content)


@settings(max_examples=drawn(8))
@given(odd=st.lists(st.tuples(keys, st.integers(0, len(VALUES) - 1)), min_size=1, max_size=3))
def test_one_odd_record_costs_one_record_and_every_form_gives_the_same(
    odd: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    top = tmp_path_factory.mktemp("odd")
    lines = [line.decode() for line in LINES]
    lines[2:2] = [f'{{"_id": "o{n}", "{key}": {VALUES[at]}}}' for n, (key, at) in enumerate(odd)]
    forms = {
        "a.jsonl": "\n".join(lines),
        "a.json": f"[{','.join(lines)}]",
        "b.json": "\n".join(lines),
        "a.ndjson": "\r\n".join(lines),
    }
    found = {}
    for name, text in forms.items():
        (top / name).write_text(text, newline="")
        report = run(top / name, top / f"{name}.raw")
        found[name] = held(top / f"{name}.raw"), report.rejected, report.repaired
        assert report.new + report.rejected == len(lines)
        assert {record["_id"] for record in RECORDS} <= found[name][0].keys()
    assert all(each == found["a.jsonl"] for each in found.values())
    shutil.rmtree(top)

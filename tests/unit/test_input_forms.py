"""The same documents in every form that people have them in."""

from __future__ import annotations

import gzip
import json
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from biodata_cache._core.settings.values import ExtractOptions
from extract.documents.document import read_document
from extract.lake.folder import Folder
from extract.pipeline import extract
from extract.sources.base import BrokenFile, Document
from extract.sources.files import read_file
from extract.sources.open import open_source

if TYPE_CHECKING:
    from collections.abc import Callable

RECORDS: list[dict[str, Any]] = [
    {"_id": f"r{number}", "name": f"µ {number}", "subject": {"a": [1, {"b": '}{"]['}], "c": {}}}
    for number in range(5)
]
CASES = Path(__file__).parents[3] / "shared" / "findings" / "cases"


def compact(records: list[dict[str, Any]]) -> list[str]:
    return [json.dumps(record, ensure_ascii=False, separators=(",", ":")) for record in records]


FORMS: dict[str, Callable[[list[dict[str, Any]]], str]] = {
    "lines": lambda records: "\n".join(compact(records)),
    "lines with line breaks of Windows": lambda records: "\r\n".join(compact(records)) + "\r\n",
    "blank lines": lambda records: "\n\n".join(["", *compact(records), "", ""]),
    "array": lambda records: json.dumps(records, ensure_ascii=False),
    "array of lines": lambda records: "[\n" + ",\n".join(compact(records)) + "\n]\n",
    "printed array": lambda records: json.dumps(records, indent=2, ensure_ascii=False),
    "printed": lambda records: "\n".join(json.dumps(record, indent=2) for record in records),
    "printed flat": lambda records: "\n".join(json.dumps(record, indent=0) for record in records),
    "concatenated": lambda records: "".join(compact(records)),
    "all of it": lambda records: "".join(json.dumps(record, indent="\t") for record in records),
    "several arrays": lambda records: f"{json.dumps(records[:2])}\n{json.dumps(records[2:])}",
    "two files joined": lambda records: "".join(
        "\n".join(compact(part)) for part in (records[:3], records[3:])
    ),
}
ENCODINGS = {
    "utf-8": "utf-8",
    "mark": "utf-8-sig",
    "utf-16": "utf-16",
    "utf-16-be": "utf-16-be",
}
SUFFIXES = [".jsonl", ".ndjson", ".json", ".jsonl.gz", ".ndjson.gz", ".json.gz"]


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    content = (mark + text).encode(encoding, "surrogatepass")
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def documents_in(path: Path, *, salvage: bool = False) -> tuple[list[dict[str, Any]], list[str]]:
    """The documents of a file, and how it is broken."""
    documents, broken = [], []
    for item in read_file(path, path.name, "data_assets", salvage=salvage):
        if isinstance(item, BrokenFile):
            broken.append(item.reason)
        else:
            row = read_document(item.content)
            documents.append(json.loads(item.content) | {"_id": row.record_id})
    return documents, broken


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_every_name_and_encoding(form: str, tmp_path: Path) -> None:
    for suffix, (name, encoding) in product(SUFFIXES, ENCODINGS.items()):
        path = write(tmp_path / f"{name}{suffix}", FORMS[form](RECORDS), encoding)
        assert documents_in(path) == (RECORDS, []), (form, suffix, encoding)


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_breaks_off_gives_nothing_and_with_salvage_what_is_whole(
    form: str, tmp_path: Path
) -> None:
    """It may be cut between two records, where nobody can tell."""
    text = FORMS[form](RECORDS)
    tried = 0
    for part, suffix in product((0.3, 0.55, 0.7, 0.9, 0.98), SUFFIXES):
        cut = text[: int(len(text) * part)].rstrip()
        if cut.endswith("}") and "[{" not in cut[:3]:
            continue
        tried += 1
        path = write(tmp_path / f"cut{suffix}", cut)
        documents, broken = documents_in(path)
        assert len(broken) == 1, (suffix, cut[-30:])
        assert documents == []
        salvaged = [json.loads(content) for content in documents_or_rejects(path)[0]]
        assert salvaged == RECORDS[: len(salvaged)]
    assert tried >= 4


def documents_or_rejects(path: Path) -> tuple[list[bytes], int]:
    """What salvage finds; the last line may be half of a record."""
    documents: list[bytes] = []
    rejected = 0
    for item in read_file(path, path.name, "data_assets", salvage=True):
        if isinstance(item, Document):
            try:
                read_document(item.content)
            except ValueError:
                rejected += 1
            else:
                documents.append(item.content)
    return documents, rejected


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_one_odd_record_costs_one_record(suffix: str, tmp_path: Path) -> None:
    """In an array as in lines: depth, and numbers, texts and constants that no parser takes."""
    sound = compact(RECORDS)
    odd = [
        '{"_id":"deep","x":' + "[" * 2_000 + "]" * 2_000 + "}",
        '{"_id":"digits","x":' + "9" * 5_000 + "}",
        '{"_id":"nan","x":NaN}',
        '{"_id":"half","x":"\\ud800"}',
        '{"_id":"broken","x":01}',
        '{"no":"id"}',
    ]
    for text in ("[" + ",".join([*sound[:3], *odd, *sound[3:]]) + "]", "\n".join([*sound, *odd])):
        path = write(tmp_path / f"odd{suffix}", text)
        _, rejected = documents_or_rejects(path)
        names = {row for row in map(record_id, read_file(path, "x", "c")) if row}
        assert names == {*(f"r{n}" for n in range(5)), "digits", "nan", "half"}
        assert rejected == 3


def record_id(item: Document | BrokenFile) -> str | None:
    assert isinstance(item, Document)
    try:
        return read_document(item.content).record_id
    except ValueError:
        return None


@pytest.mark.slow
def test_a_file_that_is_too_large_for_memory_has_all_records(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with path.open("wb") as file:
        file.write(b'[{"_id": "first"},' + b" " * 2**28)
        file.write(b'{"_id": "last"}]')
    documents, damage = documents_in(path)
    assert ([each["_id"] for each in documents], damage) == (["first", "last"], [])


@pytest.mark.parametrize("name", ["a.json", "a.json.gz", "a.ndjson"])
@pytest.mark.parametrize("text", ["<html>503</html>", "hello", "[1, 2", '{"a": ]', "\x00\x01"])
def test_what_is_no_json_gives_no_record(name: str, text: str, tmp_path: Path) -> None:
    items = list(read_file(write(tmp_path / name, text), name, "data_assets"))
    assert items
    assert all(isinstance(item, BrokenFile) or record_id(item) is None for item in items)


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.jsonl.gz"])
@pytest.mark.parametrize("text", ["", "\n", " \r\n ", "[]", "\ufeff"])
def test_empty_files_have_no_records_and_no_damage(name: str, text: str, tmp_path: Path) -> None:
    assert documents_in(write(tmp_path / name, text)) == ([], [])


def test_utf_16_that_breaks_off_in_a_character(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes("\n".join(compact(RECORDS)).encode("utf-16")[:-1])
    documents, (reason,) = documents_in(path)
    assert documents == []
    assert reason.startswith("not UTF-16")


@pytest.mark.skipif(not CASES.exists(), reason="the findings are not here")
@pytest.mark.parametrize("name", ["16", "18", "20", "22", "26", "27"])
def test_public_cases(name: str) -> None:
    (path,) = CASES.glob(f"{name}-*")
    repairs = 0
    for item in read_file(path, path.name, "data_assets"):
        assert isinstance(item, Document)
        repairs += len(read_document(item.content).repairs)
    assert repairs == {"16": 1, "26": 2, "27": 1}.get(name, 0)


def notes(raw: Path) -> list[tuple[str | None, ...]]:
    (listed,) = Folder(raw / "rejects").listed()
    table = pq.read_table(raw / "rejects" / listed.name)
    columns = ("record_id", "name", "path", "reason", "line")
    return sorted(zip(*(table.column(name).to_pylist() for name in columns), strict=True), key=str)


def test_repairs_and_rejects_say_which_record_and_where_also_in_quiet_nights(
    tmp_path: Path,
) -> None:
    """What is known is not searched again, but what was reported of it stays reported."""
    lines = [
        '{"_id":"a","name":"alpha","subject":{"x":NaN,"y":1,"y":2}}',
        '{"_id":"b","name":"beta","subject":{"y":1,"y":2}}',
        '{"_id":"c","name":"gamma"}',
        '{"_id":"d","name":"delta","subject":{"y":01}}',
    ]
    expected = [
        ("a", "alpha", "subject.x", "repaired: NaN is no number of JSON: missing", 1),
        ("a", "alpha", "subject.y", "repaired: this key stands twice: the last one counts", 1),
        ("b", "beta", "subject.y", "repaired: this key stands twice: the last one counts", 2),
        ("d", "delta", None, "not JSON: invalid number (byte 42)", 4),
    ]
    path, raw = write(tmp_path / "a.jsonl", "\n".join(lines) + "\n"), tmp_path / "raw"
    for _ in range(3):
        report = extract(open_source(str(path)), raw)
        assert notes(raw) == expected
    assert (report.unchanged, report.rejected) == (3, 1)
    write(path, "\n".join([lines[0], lines[1].replace('"y":1,', ""), *lines[2:]]) + "\n")
    assert extract(open_source(str(path)), raw).changed == 1
    assert [note[0] for note in notes(raw)] == ["a", "a", "d"]
    extract(open_source(str(path)), raw, options=ExtractOptions(full=True))
    assert [note[0] for note in notes(raw)] == ["a", "a", "d"]
    rows = pq.read_table(sorted((raw / "docdb_v2").glob("*.parquet"))[-1]).to_pylist()
    assert {row["_id"]: row["subject"] for row in rows}["a"] == '{"x":null,"y":2}'

"""Files that `mongodump` writes."""

from __future__ import annotations

import gzip
import random
import struct

import bson
import pytest
from lakes import documents, rejects

from biodata_cache import SourceError
from extract.pipeline import extract
from extract.sources.base import SourceOptions
from extract.sources.open import open_source

DOCUMENTS = [
    {"_id": f"record-{number}", "name": "µ", "subject": {"a": [1, 2.5, None, {"": number}]}}
    for number in range(20)
]
EXPECTED = {document["_id"]: document for document in DOCUMENTS}
END = b"\xff\xff\xff\xff"


def dump() -> bytes:
    return b"".join(bson.encode(document) for document in DOCUMENTS)


def archive(*others: str) -> bytes:
    """An archive as `mongodump --archive` writes it: collections in alternating pieces."""
    names = ["data_assets", *others]
    parts = [struct.pack("<I", 0x8199E26D), bson.encode({"version": "0.1"})]
    parts += [bson.encode({"db": "d", "collection": name, "metadata": "{}"}) for name in names]
    parts.append(END)
    draw = random.Random(1)
    waiting = {name: list(DOCUMENTS) for name in names}
    while any(waiting.values()):
        name = draw.choice([name for name in names if waiting[name]])
        piece, waiting[name] = waiting[name][:7], waiting[name][7:]
        changed = [document if name == "data_assets" else {"_id": "no"} for document in piece]
        parts.append(bson.encode({"db": "d", "collection": name, "EOF": False, "CRC": 0}))
        parts += [bson.encode(document) for document in changed]
        parts.append(END)
    for name in names:
        parts += [bson.encode({"db": "d", "collection": name, "EOF": True, "CRC": 1}), END]
    return b"".join(parts)


def fetch(path, raw, *, salvage=False):
    return extract(open_source(str(path), SourceOptions(salvage=salvage)), raw)


@pytest.mark.parametrize("name", ["data_assets.bson", "data_assets.bson.gz"])
def test_dump(tmp_path, name):
    path = tmp_path / "dump" / "metadata_index" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(dump()) if name.endswith("gz") else dump())
    (path.parent / "data_assets.metadata.json").write_text('{"indexes": []}')
    (path.parent.parent / "prelude.json").write_text('{"ServerVersion": "5.0"}')
    report = fetch(tmp_path / "dump", tmp_path / "raw")
    assert (report.new, report.rejected) == (20, 0)
    assert documents(tmp_path / "raw") == EXPECTED
    assert fetch(path, tmp_path / "raw").unchanged == 20


@pytest.mark.parametrize("others", [(), ("other", "system.views")])
def test_archive(tmp_path, others):
    path = tmp_path / "dump.archive"
    path.write_bytes(archive(*others))
    assert fetch(path, tmp_path / "raw").new == 20
    assert documents(tmp_path / "raw") == EXPECTED


@pytest.mark.parametrize("content", [dump(), archive("other")])
def test_what_breaks_off_is_reported(tmp_path, content):
    path = tmp_path / "data_assets.bson"
    path.write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(SourceError, match=r"not one usable record .*breaks off"):
        fetch(path, tmp_path / "raw")
    assert 0 < fetch(path, tmp_path / "raw", salvage=True).new < 20
    ((_, reason, _),) = rejects(tmp_path / "raw")
    assert "breaks off" in reason


def test_damage_and_numbers_that_json_lacks(tmp_path):
    path = tmp_path / "data_assets.bson"
    damaged = bson.encode({"_id": "bad", "name": "abc"}).replace(b"abc", b"\xff\xfe\xfd")
    path.write_bytes(damaged + bson.encode({"_id": "nan", "model": {"x": float("nan")}}) + b"\x03")
    with pytest.raises(SourceError, match="not one usable record"):
        fetch(path, tmp_path / "raw")
    report = fetch(path, tmp_path / "raw", salvage=True)
    assert (report.listed, report.rejected, report.repaired) == (1, 2, 1)
    assert documents(tmp_path / "raw") == {"nan": {"_id": "nan", "model": {"x": None}}}
    reasons = [reason for _, reason, _ in rejects(tmp_path / "raw")]
    assert sum("not BSON" in reason for reason in reasons) == 2
    assert "repaired: NaN is no number of JSON: missing" in reasons

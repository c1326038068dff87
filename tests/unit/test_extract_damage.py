"""A record is deleted on the word of a complete and undamaged reading, and of nothing else."""

from __future__ import annotations

import gzip
import json
import random
from typing import TYPE_CHECKING, Any

import bson
import pytest

from biodata_cache import SourceError
from biodata_cache._core.settings.values import ExtractOptions
from extract.lake.lake import Lake
from extract.pipeline import extract
from extract.sources.base import SourceOptions
from extract.sources.open import open_source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from extract.report import Report

_random = random.Random(1)
RECORDS: list[dict[str, Any]] = [
    {"_id": f"r{number}", "x": _random.randbytes(200).hex()} for number in range(100)
]


def lines() -> bytes:
    return "".join(json.dumps(record) + "\n" for record in RECORDS).encode()


def array() -> bytes:
    return json.dumps(RECORDS).encode()


def dump() -> bytes:
    return b"".join(bson.encode(record) for record in RECORDS)


def cut(content: bytes, part: float) -> bytes:
    return content[: int(len(content) * part)]


def flipped(content: bytes, part: float) -> bytes:
    location = int(len(content) * part)
    return content[:location] + bytes([content[location] ^ 0xFF]) + content[location + 1 :]


def other_length(content: bytes, part: float) -> bytes:
    """One document of BSON says that it is longer than it is."""
    start = 0
    while start < len(content) * part:
        start += int.from_bytes(content[start : start + 4], "little")
    return content[:start] + (2**30).to_bytes(4, "little") + content[start + 4 :]


def run(source: Path, raw: Path, *, salvage: bool = False, **options: bool) -> Report:
    opened = open_source(str(source), SourceOptions(salvage=salvage))
    return extract(opened, raw, options=ExtractOptions(**options))


def held(raw: Path) -> set[str]:
    with Lake(raw, "docdb_v2").state() as state:
        return {record_id for (record_id,) in state.rows("select _id from live")}


DAMAGES = [
    *(("a.jsonl.gz", lambda: gzip.compress(lines()), cut, part) for part in (0.6, 0.95, 0.999)),
    *(("a.jsonl.gz", lambda: gzip.compress(lines()), flipped, part) for part in (0.6, 0.75, 0.99)),
    *(("a.jsonl", lines, cut, part) for part in (0.6, 0.953, 0.999)),
    *(("a.json", array, cut, part) for part in (0.6, 0.95, 0.999)),
    *(("a.json.gz", lambda: gzip.compress(array()), cut, part) for part in (0.6, 0.95)),
    *(("a.bson", dump, cut, part) for part in (0.6, 0.7, 0.999)),
    *(("a.bson", dump, other_length, part) for part in (0.6, 0.9)),
    *(("a.bson.gz", lambda: gzip.compress(dump()), cut, part) for part in (0.6, 0.95)),
]


def each_once(damages: list[tuple[Any, ...]]) -> list[Any]:
    """The first damage of each kind to each form of a file; the others are slow."""
    known, result = set(), []
    for name, content, damage, part in damages:
        marks = [pytest.mark.slow] if (name, damage) in known else []
        known.add((name, damage))
        result.append(pytest.param(name, content, damage, part, marks=marks))
    return result


@pytest.mark.parametrize(("name", "content", "damage", "part"), each_once(DAMAGES))
@pytest.mark.parametrize("other", [0, 100])
def test_a_damaged_file_deletes_and_changes_nothing(
    tmp_path: Path,
    name: str,
    content: Callable[[], bytes],
    damage: Callable[[bytes, float], bytes],
    part: float,
    other: int,
) -> None:
    """In a folder with a sound file beside it that holds as many records, and without one."""
    folder, raw = tmp_path / "source", tmp_path / "raw"
    folder.mkdir()
    (folder / name).write_bytes(content())
    sound = "".join(json.dumps({"_id": f"s{number}"}) + "\n" for number in range(other))
    (folder / "sound.jsonl").write_text(sound)
    assert run(folder, raw).new == 100 + other
    (folder / name).write_bytes(damage(content(), part))
    if other:
        report = run(folder, raw)
        assert (report.new, report.changed, report.deleted, report.kept) == (0, 0, 0, 100)
        assert [reason.partition(":")[0] for reason in report.incomplete] == [name]
    else:
        with pytest.raises(SourceError, match=rf"broken \({name}: .*nothing was deleted"):
            run(folder, raw)
    assert len(held(raw)) == 100 + other
    (folder / name).write_bytes(content())
    assert run(folder, raw).unchanged == 100 + other


@pytest.mark.parametrize("content", [b"", b"<html>503</html>", lines()[: len(lines()) // 30]])
def test_a_source_without_most_records_is_refused_whatever_its_name(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "dump-01.jsonl").write_bytes(lines())
    (tmp_path / "dump-02.jsonl").write_bytes(content)
    run(tmp_path / "dump-01.jsonl", tmp_path / "raw")
    with pytest.raises(SourceError, match="--allow-shrink"):
        run(tmp_path / "dump-02.jsonl", tmp_path / "raw")
    assert len(held(tmp_path / "raw")) == 100


def test_a_dump_under_another_name_is_one_complete_reading(tmp_path: Path) -> None:
    (tmp_path / "dump-01.jsonl").write_bytes(lines())
    (tmp_path / "dump-02.jsonl").write_bytes(b"".join(lines().splitlines(keepends=True)[:90]))
    run(tmp_path / "dump-01.jsonl", tmp_path / "raw")
    assert run(tmp_path / "dump-02.jsonl", tmp_path / "raw").deleted == 10


def test_records_of_one_s_own_replace_the_sample(tmp_path: Path) -> None:
    extract(open_source("sample:300"), tmp_path / "raw")
    (tmp_path / "own.jsonl").write_bytes(lines())
    assert run(tmp_path / "own.jsonl", tmp_path / "raw").deleted == 300
    assert held(tmp_path / "raw") == {record["_id"] for record in RECORDS}


def test_an_unusable_new_version_keeps_the_old_one(tmp_path: Path) -> None:
    path, raw = tmp_path / "a.jsonl", tmp_path / "raw"
    path.write_bytes(lines())
    run(path, raw)
    kept = lines().splitlines(keepends=True)
    path.write_bytes(b"".join([*kept[:98], b'{"_id": "r98", "x": NOPE}\n']))
    report = run(path, raw)
    assert (report.deleted, report.kept, report.rejected, report.incomplete) == (1, 1, 1, [])
    assert held(raw) == {f"r{number}" for number in range(99)}


def test_a_document_of_an_unknown_record_keeps_all(tmp_path: Path) -> None:
    path, raw = tmp_path / "a.jsonl", tmp_path / "raw"
    path.write_bytes(lines())
    run(path, raw)
    kept = lines().splitlines(keepends=True)
    path.write_bytes(b"".join([*kept[:98], b"{NOPE}\n"]))
    report = run(path, raw)
    assert (report.deleted, report.kept, len(report.incomplete)) == (0, 2, 1)
    assert len(held(raw)) == 100


def test_a_full_run_of_a_damaged_source_loses_nothing(tmp_path: Path) -> None:
    path, raw = tmp_path / "a.jsonl", tmp_path / "raw"
    path.write_bytes(lines())
    run(path, raw)
    path.write_bytes(lines()[:-5])
    with pytest.raises(SourceError):
        run(path, raw, full=True)
    assert len(held(raw)) == 100


def test_salvage_takes_what_can_be_read(tmp_path: Path) -> None:
    path, raw = tmp_path / "a.jsonl.gz", tmp_path / "raw"
    path.write_bytes(cut(gzip.compress(lines()), 0.9))
    with pytest.raises(SourceError, match=r"not one usable record .*damaged compression"):
        run(path, raw)
    assert 50 < run(path, raw, salvage=True).new < 100


@pytest.mark.parametrize("content", [b"<html>503</html>", b"{NOPE}\n", b"[1, 2]"])
@pytest.mark.parametrize("before", ["nothing", "sample:20"])
def test_a_source_without_a_usable_record_ends_the_run(
    tmp_path: Path, content: bytes, before: str
) -> None:
    path, raw = tmp_path / "a.json", tmp_path / "raw"
    if before != "nothing":
        extract(open_source(before), raw)
    path.write_bytes(content)
    with pytest.raises(SourceError, match="not one usable record"):
        run(path, raw)
    assert len(held(raw)) == (0 if before == "nothing" else 20)
    assert run(path, raw, allow_shrink=True).new == 0


def test_an_empty_source_replaces_an_empty_lake_only(tmp_path: Path) -> None:
    path, raw = tmp_path / "a.jsonl", tmp_path / "raw"
    path.write_bytes(b"")
    assert run(path, raw).listed == 0
    extract(open_source("sample:20"), raw)
    with pytest.raises(SourceError, match="not one usable record"):
        run(path, raw)


def test_no_record_of_the_sample_stays_beside_a_folder_of_which_a_file_is_damaged(
    tmp_path: Path,
) -> None:
    folder, raw = tmp_path / "in", tmp_path / "raw"
    folder.mkdir()
    extract(open_source("sample:20"), raw)
    (folder / "a.jsonl").write_bytes(lines())
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(lines())[:-9])
    report = run(folder, raw)
    assert (report.deleted, report.kept, len(report.incomplete)) == (20, 0, 1)
    assert held(raw) == {record["_id"] for record in RECORDS}


def test_an_incomplete_source_replaces_no_other(
    tmp_path: Path,
) -> None:
    """Records that both sources have are of the second one from then on."""
    path, raw = tmp_path / "a.jsonl", tmp_path / "raw"
    path.write_bytes(lines())
    opened = open_source(str(path))
    opened.description = "mongodb://host/database/collection"
    extract(opened, raw)
    unreadable = b"".join([*lines().splitlines(keepends=True)[:99], b"{NOPE}\n"])
    path.write_bytes(unreadable)
    with pytest.raises(SourceError, match="cannot take the place of the 1 records"):
        run(path, raw)
    assert len(held(raw)) == 100
    path.write_bytes(lines())
    assert run(path, raw).unchanged == 100
    path.write_bytes(unreadable)
    assert run(path, raw).kept == 1, "nothing of the first source is left"

"""Bytes of the lake that change on the disk are noticed, named, and fetched again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biodata_cache import CacheError, LakeError, SourceError
from biodata_cache._core.settings.values import ExtractOptions
from extract.lake.check import check_lakes
from extract.lake.folder import LIST
from extract.lake.lake import Lake
from extract.pipeline import extract
from extract.sources.open import open_source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from extract.report import Report

COUNT = 60


def write(path: Path, count: int = COUNT) -> Path:
    path.write_text(
        "".join(json.dumps({"_id": f"r{n}", "name": f"n{n}"}) + "\n" for n in range(count))
    )
    return path


def run(source: Path, raw: Path, **options: bool) -> Report:
    return extract(open_source(str(source)), raw, options=ExtractOptions(**options))


def names(raw: Path) -> list[str]:
    files = [str(path) for path in Lake(raw, "docdb_v2").files()]
    query = """
        select name from read_parquet(?)
        qualify run = max(run) over (partition by _id) and not is_deleted
        order by name
    """
    return [name for (name,) in duckdb.execute(query, [files]).fetchall()]


def lake_file(raw: Path) -> Path:
    return Lake(raw, "docdb_v2").files()[0]


def flipped(content: bytes, place: float, mask: int = 0x20) -> bytes:
    at = int(place * (len(content) - 1))
    return content[:at] + bytes([content[at] ^ mask]) + content[at + 1 :]


damages = st.one_of(
    st.tuples(st.floats(0, 1), st.integers(1, 255)).map(
        lambda drawn: lambda content: flipped(content, *drawn)
    ),
    st.floats(0, 0.999).map(lambda part: lambda content: content[: int(part * len(content))]),
    st.binary(min_size=1, max_size=9).map(lambda more: lambda content: content + more),
    st.binary(max_size=30).map(lambda other: lambda content: other),
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source, and a lake of it."""
    folder = tmp_path_factory.mktemp("sound")
    run(write(folder / "a.jsonl"), folder / "raw")
    return folder


@settings(max_examples=8)
@given(damage=damages)
def test_whatever_happens_to_a_file_it_is_named_and_its_records_come_again(
    sound: Path, damage: Callable[[bytes], bytes]
) -> None:
    raw, file = sound / "raw", lake_file(sound / "raw")
    wanted, content = names(raw), file.read_bytes()
    file.write_bytes(damage(content))
    if file.read_bytes() == content:
        return
    with pytest.raises(LakeError, match=f"{file.name} of the lake is damaged") as caught:
        check_lakes(raw)
    assert "biodata-cache extract" in str(caught.value)
    report = run(sound / "a.jsonl", raw)
    assert [line.partition(": ")[0] for line in report.damaged] == [str(file)]
    assert report.new == COUNT
    assert names(raw) == wanted
    assert not file.exists()
    check_lakes(raw)
    assert run(sound / "a.jsonl", raw).unchanged == COUNT


@settings(max_examples=8)
@given(damage=damages)
def test_a_damaged_list_is_named_and_a_full_run_mends_it(
    sound: Path, damage: Callable[[bytes], bytes]
) -> None:
    raw = sound / "raw"
    path, wanted = raw / "docdb_v2" / LIST, names(raw)
    content = path.read_bytes()
    path.write_bytes(damage(content))
    try:
        listed = Lake(raw, "docdb_v2").store.listed()
    except LakeError as error:
        assert str(path) in str(error)  # noqa: PT017
        with pytest.raises(LakeError, match="extract --full"):
            run(sound / "a.jsonl", raw)
        with pytest.raises(CacheError, match=LIST):
            check_lakes(raw)
    else:  # it says the same: a blank, or a letter of a key that nobody reads
        path.write_bytes(content)
        assert Lake(raw, "docdb_v2").store.listed() == listed
    run(sound / "a.jsonl", raw, full=True)
    assert names(raw) == wanted
    check_lakes(raw)


def test_a_file_that_is_gone_is_named_and_its_records_come_again(tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl")
    run(source, tmp_path / "raw")
    lake_file(tmp_path / "raw").unlink()
    with pytest.raises(LakeError, match="No such file"):
        check_lakes(tmp_path / "raw")
    assert run(source, tmp_path / "raw").new == COUNT


def test_what_a_source_that_was_not_read_whole_cannot_give_again_stays_named(
    tmp_path: Path,
) -> None:
    """No build goes on without these records, and the next whole reading mends it."""
    source, raw = write(tmp_path / "a.jsonl"), tmp_path / "raw"
    run(source, raw)
    file = lake_file(raw)
    file.write_bytes(flipped(file.read_bytes(), 0.5))
    whole = source.read_bytes().splitlines(keepends=True)
    source.write_bytes(b"".join(whole[:-1]) + b"{NOPE}\n")
    report = run(source, raw)
    assert (bool(report.incomplete), report.compacted) == (True, 0)
    with pytest.raises(LakeError, match=file.name):
        check_lakes(raw)
    write(source)
    assert run(source, raw).damaged
    check_lakes(raw)
    assert len(names(raw)) == COUNT


@pytest.mark.parametrize("accept", ["prune", "full", None])
def test_a_vanished_file_may_have_held_what_a_damaged_file_of_the_lake_did(
    tmp_path: Path, accept: str | None
) -> None:
    """No build goes on without these records until they come again, or are given up."""
    folder, raw = tmp_path / "in", tmp_path / "raw"
    folder.mkdir()
    write(folder / "a.jsonl", COUNT - 9)
    gone = folder / "b.jsonl"
    gone.write_text("".join(json.dumps({"_id": f"b{n}", "name": f"b{n}"}) + "\n" for n in range(9)))
    run(folder, raw)
    wanted, content = names(raw), gone.read_bytes()
    file = lake_file(raw)
    file.write_bytes(flipped(file.read_bytes(), 0.5))
    gone.unlink()
    for _ in range(2):  # the second night knows it, too
        report = run(folder, raw)
        assert "b.jsonl: the folder no longer has it" in report.vanished[0]
        assert "no build reads this lake" in report.warnings()[1]
        with pytest.raises(LakeError, match=file.name):
            check_lakes(raw)
    if accept is None:
        gone.write_bytes(content)
        assert not run(folder, raw).vanished
    else:
        run(folder, raw, **{accept: True})
        wanted = wanted[9:]
    check_lakes(raw)
    assert names(raw) == wanted
    assert not run(folder, raw).missing


def test_an_unusable_document_may_be_of_a_record_that_a_damaged_file_held(tmp_path: Path) -> None:
    source, raw = write(tmp_path / "a.jsonl"), tmp_path / "raw"
    run(source, raw)
    file = lake_file(raw)
    file.write_bytes(flipped(file.read_bytes(), 0.5))
    whole = source.read_bytes()
    deep = b"[" * 5_000 + b"]" * 5_000
    source.write_bytes(whole.replace(b'"name": "n7"', b'"name": "n7", "x": ' + deep))
    for _ in range(2):
        assert run(source, raw).rejected == 1
        with pytest.raises(LakeError, match=file.name):
            check_lakes(raw)
    assert run(source, raw, full=True).listed == COUNT - 1
    check_lakes(raw)


def test_files_of_others_are_left_alone_and_not_read(tmp_path: Path) -> None:
    source, raw = write(tmp_path / "a.jsonl"), tmp_path / "raw"
    run(source, raw)
    strangers = ["other.parquet", "20269999T999999999999Z-0000.parquet", "notes.txt"]
    for name in strangers[:2]:
        pq.write_table(pa.table({"x": [1]}), raw / "docdb_v2" / name)
    (raw / "docdb_v2" / "notes.txt").write_text("x")
    (raw / "docdb_v2" / "00000077-0000.parquet").write_bytes(b"left by a run that was killed")
    assert run(source, raw).unchanged == COUNT
    assert (raw / "docdb_v2" / "other.parquet").exists()
    assert not (raw / "docdb_v2" / "00000077-0000.parquet").exists()
    assert len(names(raw)) == COUNT


def test_a_lake_that_lost_its_list_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    source, raw = write(tmp_path / "a.jsonl"), tmp_path / "raw"
    run(source, raw)
    (raw / "docdb_v2" / LIST).unlink()
    with pytest.raises(LakeError, match=r"no files\.json.*extract --full"):
        run(source, raw)
    before = sorted((raw / "docdb_v2").glob("*.parquet"))
    with pytest.raises(SourceError):
        run(tmp_path / "none.jsonl", raw, full=True)
    assert sorted((raw / "docdb_v2").glob("*.parquet")) == before
    with pytest.raises(LakeError, match=r"no files\.json.*extract --full"):
        run(source, raw)
    report = run(source, raw, full=True)
    assert (report.new, len(names(raw))) == (COUNT, COUNT)
    assert "what this run has read, and nothing else" in "; ".join(report.damaged)
    assert not run(source, raw, full=True).damaged

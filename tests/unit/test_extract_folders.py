"""A file that vanished from a folder is not a removal of the records that were read from it."""

from __future__ import annotations

import gzip
import json
import shutil
from typing import TYPE_CHECKING

import bson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from biodata_cache import LakeError, SourceError
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


def write(path: Path, ids: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps({"_id": name}) + "\n" for name in ids))


def run(source: Path, raw: Path, **options: bool) -> Report:
    chosen = ExtractOptions(allow_shrink=True, **options)
    return extract(open_source(str(source)), raw, options=chosen)


def held(raw: Path) -> str:
    with Lake(raw, "docdb_v2").state() as state:
        return "".join(sorted(name for (name,) in state.rows("select _id from live")))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "in" / "a.jsonl", "abcd")
    write(tmp_path / "in" / "b.jsonl", "wxyz")
    run(tmp_path / "in", tmp_path / "raw")
    return tmp_path / "in"


def test_records_of_a_file_that_is_gone_stay_until_that_is_accepted(
    folder: Path, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    (folder / "b.jsonl").unlink()
    report = run(folder, raw)
    assert (report.deleted, report.kept) == (0, 4)
    assert report.vanished == [
        "b.jsonl: the folder no longer has it; what it may hold stays, 4 records"
    ]
    assert report.missing == report.vanished
    assert report.warnings()[0].startswith(
        "a file is gone or empty, which --prune accepts: b.jsonl"
    )
    assert held(raw) == "abcdwxyz"
    assert run(folder, raw).vanished == report.vanished, "not for one night only"
    report = run(folder, raw, prune=True)
    assert (report.deleted, report.kept, report.vanished, held(raw)) == (4, 0, [], "abcd")
    assert run(folder, raw).missing == []


@pytest.mark.parametrize("suffix", [".jsonl.gz", ".json.gz", ".ndjson.gz"])
def test_a_compressed_file_without_a_byte_is_damaged(tmp_path: Path, suffix: str) -> None:
    """A copy that failed leaves one, as a full disk does; that of no records has a few bytes."""
    folder, raw = tmp_path / "in", tmp_path / "raw"
    write(folder / "a.jsonl", "abcd")
    (folder / f"b{suffix}").write_bytes(gzip.compress(b'{"_id": "x"}\n'))
    run(folder, raw)
    (folder / f"b{suffix}").write_bytes(b"")
    report = run(folder, raw)
    assert report.incomplete == [f"b{suffix}: damaged compression: the file is empty"]
    assert (report.deleted, held(raw)) == (0, "abcdx")
    (folder / f"b{suffix}").write_bytes(gzip.compress(b""))
    report = run(folder, raw)
    assert (report.incomplete, report.deleted, held(raw)) == ([], 0, "abcdx")
    assert report.vanished[0].startswith(f"b{suffix}: it has no record any more")
    assert run(folder, raw, prune=True).deleted == 1
    assert held(raw) == "abcd"


def test_a_record_may_have_moved_into_a_file_that_is_gone(folder: Path, tmp_path: Path) -> None:
    raw, moved = tmp_path / "raw", "dwxyz"
    (folder / "b.jsonl").unlink()
    write(folder / "a.jsonl", "abc")
    for _ in range(2):
        report = run(folder, raw)
        assert (report.deleted, report.kept, held(raw)) == (0, 5, "abcdwxyz")
        assert "b.jsonl: the folder no longer has it" in report.vanished[0]
        assert report.vanished[0].endswith("stays, 5 records")
    write(folder / "b.jsonl", moved)
    assert (run(folder, raw).deleted, held(raw)) == (0, "abcdwxyz")
    write(folder / "b.jsonl", "wxyz")
    assert (run(folder, raw).deleted, held(raw)) == (1, "abcwxyz"), "now it is known to be gone"


def test_a_record_may_have_moved_although_others_came_out_of_the_file_that_is_gone(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "b.jsonl").unlink()
    write(folder / "a.jsonl", "abcwxyz")
    for _ in range(2):
        report = run(folder, tmp_path / "raw")
        assert (report.deleted, report.kept, held(tmp_path / "raw")) == (0, 1, "abcdwxyz")
    write(folder / "b.jsonl", "e")
    assert run(folder, tmp_path / "raw").deleted == 1


_WITHOUT_RECORDS: dict[str, bytes] = {
    "empty.jsonl": b"",
    "blank.jsonl": b"\n \n",
    "mark.jsonl": b"\xef\xbb\xbf",
    "utf16.jsonl": b"\xff\xfe",
    "array.json": b"[]",
    "lines.jsonl.gz": gzip.compress(b"", mtime=0),
    "dump.bson": b"",
    "odd.jsonl": b'{"_id": "odd.jsonl", "x": NOPE}\n',
}


def test_a_file_that_has_no_record_any_more_is_like_one_that_is_gone(tmp_path: Path) -> None:
    """Nobody can tell whether it broke off before its first record; one that never had any is."""
    folder, raw = tmp_path / "in", tmp_path / "raw"
    write(folder / "a.jsonl", "abcd")
    for name in _WITHOUT_RECORDS:
        text = json.dumps({"_id": name}).encode()
        written = {".gz": gzip.compress(text), ".bson": bson.encode({"_id": name})}
        (folder / name).write_bytes(written.get((folder / name).suffix, text))
    run(folder, raw)
    everything = held(raw)
    assert everything == "".join(sorted(["a", "b", "c", "d", *_WITHOUT_RECORDS]))
    for name, content in _WITHOUT_RECORDS.items():
        (folder / name).write_bytes(content)
    for _ in range(2):
        report = run(folder, raw)
        assert (report.deleted, report.kept, held(raw)) == (0, len(_WITHOUT_RECORDS), everything)
        assert sorted(report.vanished) == [
            f"{name}: it has no record any more; what it may hold stays, 1 record"
            for name in sorted(_WITHOUT_RECORDS)
        ]
    with pytest.raises(SourceError, match="it has no record any more"):
        run(folder, raw, full=True)
    (folder / "odd.jsonl").unlink()
    assert run(folder, raw, prune=True).deleted == len(_WITHOUT_RECORDS)
    assert (held(raw), run(folder, raw).missing) == ("abcd", [])


def _no_list(store: Path) -> None:
    (store / LIST).unlink()


def _odd_list(store: Path) -> None:
    (store / LIST).write_bytes((store / LIST).read_bytes()[:-9])


def _no_file(store: Path) -> None:
    next(store.glob("*.parquet")).unlink()


def _odd_file(store: Path) -> None:
    next(store.glob("*.parquet")).write_bytes(b"PAR1")


_LOSSES = [_no_list, _odd_list, _no_file, _odd_file, shutil.rmtree]


@pytest.mark.parametrize("lose", _LOSSES)
def test_nothing_is_deleted_if_nobody_knows_which_files_there_were(
    folder: Path, tmp_path: Path, lose: Callable[[Path], None]
) -> None:
    raw = tmp_path / "raw"
    lose(raw / "docdb_v2_source_files")
    (folder / "b.jsonl").unlink()
    report = run(folder, raw)
    assert (report.deleted, report.kept, held(raw)) == (0, 4, "abcdwxyz")
    assert report.vanished[0].startswith("a file whose name was lost")
    damaged = [line for line in report.damaged if str(raw / "docdb_v2_source_files") in line]
    assert bool(damaged) == (lose in {_odd_list, _no_file, _odd_file})
    assert run(folder, raw).kept == 4
    write(folder / "b.jsonl", "wxyz")
    assert run(folder, raw).missing == []


@pytest.mark.parametrize("lose", _LOSSES)
def test_nor_is_a_damaged_file_of_the_lake_given_up_then(
    folder: Path, tmp_path: Path, lose: Callable[[Path], None]
) -> None:
    """Who may have held what it held is not known: no build goes on until somebody accepts that."""
    raw = tmp_path / "raw"
    file = Lake(raw, "docdb_v2").files()[0]
    file.write_bytes(file.read_bytes() + b"x")
    lose(raw / "docdb_v2_source_files")
    (folder / "b.jsonl").unlink()
    for _ in range(2):
        assert "a file whose name was lost" in run(folder, raw).vanished[0]
        with pytest.raises(LakeError, match=file.name):
            check_lakes(raw)
    for accept in ("prune", "full"):
        accepted = shutil.copytree(raw, tmp_path / accept)
        run(folder, accepted, **{accept: True})
        check_lakes(accepted)
        report = run(folder, accepted)
        assert (held(accepted), report.missing, report.damaged) == ("abcd", [], [])


def test_what_another_file_has_by_now_is_not_missing(folder: Path, tmp_path: Path) -> None:
    (folder / "b.jsonl").rename(folder / "c.jsonl")
    report = run(folder, tmp_path / "raw")
    assert (report.unchanged, report.vanished) == (8, [])
    write(folder / "c.jsonl", "wx")
    assert run(folder, tmp_path / "raw").deleted == 2, "it was last read from a file that is there"


def test_a_record_that_moved_stays_with_the_file_where_it_was_last(
    folder: Path, tmp_path: Path
) -> None:
    write(folder / "a.jsonl", "bcd")
    write(folder / "b.jsonl", "awxyz")
    assert run(folder, tmp_path / "raw").unchanged == 8
    (folder / "b.jsonl").unlink()
    run(folder, tmp_path / "raw")
    assert held(tmp_path / "raw") == "abcdwxyz"


def test_a_single_file_is_a_complete_reading(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "dump.jsonl", "abcdw")
    assert run(tmp_path / "dump.jsonl", tmp_path / "raw").deleted == 3
    assert run(folder, tmp_path / "raw").new == 3


def test_a_full_run_loses_nothing_of_a_file_that_is_gone(folder: Path, tmp_path: Path) -> None:
    (folder / "b.jsonl").unlink()
    with pytest.raises(SourceError, match=r"b\.jsonl: the folder no longer has it"):
        run(folder, tmp_path / "raw", full=True)
    assert held(tmp_path / "raw") == "abcdwxyz"
    run(folder, tmp_path / "raw", full=True, prune=True)
    assert held(tmp_path / "raw") == "abcd"


_folders = st.dictionaries(st.sampled_from("pqr"), st.sets(st.sampled_from("abcdef")), max_size=3)


@settings(
    max_examples=5,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(_folders, st.booleans()), min_size=1, max_size=5))
def test_a_record_goes_only_while_all_files_are_there(
    tmp_path_factory: pytest.TempPathFactory, nights: list[tuple[dict[str, set[str]], bool]]
) -> None:
    """A model of the rule: what nobody shows may be in a file that is gone or empty."""
    base = tmp_path_factory.mktemp("nights")
    folder, raw = base / "in", base / "raw"
    last: dict[str, str] = {}
    for files, prune in nights:
        for path in folder.glob("*"):
            path.unlink()
        write(folder / "always.jsonl", "")
        for name, ids in files.items():
            write(folder / f"{name}.jsonl", "".join(sorted(ids)))
        shown = {record: name for name in sorted(files) for record in sorted(files[name])}
        gone = sorted(set(last.values()) - {name for name, ids in files.items() if ids})
        kept = {
            record: name if name in gone else gone[0]
            for record, name in last.items()
            if record not in shown and gone and not prune
        }
        report = run(folder, raw, prune=prune)
        assert report.kept == len(kept)
        assert report.deleted == len(last.keys() - shown.keys() - kept.keys())
        last = shown | kept
        assert held(raw) == "".join(sorted(last))

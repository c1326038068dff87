"""Files into the lake: what is new is appended, what is gone is buried, what is bad is kept."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from biodata_cache import LockedError, SettingsError, SourceError
from biodata_cache._core.settings.values import ExtractOptions
from extract.lake.folder import Folder
from extract.lake.lake import Lake
from extract.pipeline import extract
from extract.sources.base import SourceOptions
from extract.sources.open import open_source

if TYPE_CHECKING:
    from pathlib import Path

    from extract.report import Report


def write_lines(path: Path, documents: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))
    return path


def run(source: Path | str, raw: Path) -> Report:
    return extract(open_source(str(source)), raw)


def rows(raw: Path) -> list[dict[str, Any]]:
    """Every row of the lake in the order in which it was written."""
    files = Lake(raw, "docdb_v2").files()
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def live(raw: Path) -> list[dict[str, Any]]:
    """What staging will see: the rows of the newest run of each record, but for deleted ones."""
    newest: dict[str, Any] = {}
    for row in rows(raw):
        newest[row["_id"]] = max(newest.get(row["_id"], row["run"]), row["run"])
    return sorted(
        (row for row in rows(raw) if row["run"] == newest[row["_id"]] and not row["is_deleted"]),
        key=lambda row: (row["_id"], row["position"]),
    )


def held(raw: Path) -> int:
    with Lake(raw, "docdb_v2").state() as state:
        return state.live


def rejects(raw: Path) -> list[dict[str, Any]]:
    (listed,) = Folder(raw / "rejects").listed()
    result: list[dict[str, Any]] = pq.read_table(raw / "rejects" / listed.name).to_pylist()
    return result


def test_first_run_writes_every_document(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "a.jsonl", [{"_id": "1", "name": "x"}, {"_id": "2"}])
    report = run(source, tmp_path / "raw")
    assert (report.listed, report.new, report.rejected) == (2, 2, 0)
    assert [(row["_id"], row["name"], row["position"]) for row in rows(tmp_path / "raw")] == [
        ("1", "x", 0),
        ("2", None, 1),
    ]
    assert {row["source"] for row in rows(tmp_path / "raw")} == {"file:a.jsonl"}


def test_second_run_writes_nothing(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "a.jsonl", [{"_id": "1"}, {"_id": "2"}])
    run(source, tmp_path / "raw")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "raw").rglob("*.parquet")}
    report = run(source, tmp_path / "raw")
    assert (report.new, report.unchanged) == (0, 2)
    assert {
        path: path.stat().st_mtime_ns for path in (tmp_path / "raw").rglob("*.parquet")
    } == before


def test_changed_new_and_deleted(tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    raw = tmp_path / "raw"
    run(write_lines(source, [{"_id": "1", "name": "a"}, {"_id": "2"}, {"_id": "3"}]), raw)
    report = run(write_lines(source, [{"_id": "1", "name": "b"}, {"_id": "2"}, {"_id": "4"}]), raw)
    assert (report.new, report.changed, report.unchanged, report.deleted) == (1, 1, 1, 1)
    assert [(row["_id"], row["name"]) for row in live(raw)] == [
        ("1", "b"),
        ("2", None),
        ("4", None),
    ]


def test_deleted_record_that_comes_back_is_new(tmp_path: Path) -> None:
    source, raw = tmp_path / "a.jsonl", tmp_path / "raw"
    run(write_lines(source, [{"_id": "1"}, {"_id": "2"}]), raw)
    run(write_lines(source, [{"_id": "2"}]), raw)
    report = run(write_lines(source, [{"_id": "1"}, {"_id": "2"}]), raw)
    assert (report.new, report.unchanged, report.deleted) == (1, 1, 0)


def test_repeated_id_of_which_one_document_changes_is_written_whole(tmp_path: Path) -> None:
    """The newest run decides, so it must hold all documents of the _id."""
    source, raw = tmp_path / "a.jsonl", tmp_path / "raw"
    run(write_lines(source, [{"_id": "1", "n": 1}, {"_id": "1", "n": 2}]), raw)
    assert run(source, raw).unchanged == 1
    report = run(write_lines(source, [{"_id": "1", "n": 1}, {"_id": "1", "n": 3}]), raw)
    assert report.changed == 1
    assert [row["extra"] for row in live(raw)] == ['{"n":1}', '{"n":3}']
    report = run(write_lines(source, [{"_id": "1", "n": 1}]), raw)
    assert report.changed == 1
    assert [row["extra"] for row in live(raw)] == ['{"n":1}']


def test_bad_documents_are_kept_with_file_line_and_reason(tmp_path: Path) -> None:
    folder = tmp_path / "records"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.jsonl").write_bytes(b'{"_id": "1"}\n\n{"name": "x"}\nnot json\n\xff\xfe\n')
    (folder / "deep" / "b.json").write_text('[{"_id": "2"}, 5]')
    (folder / "readme.txt").write_text("no records")
    report = run(folder, tmp_path / "raw")
    assert (report.listed, report.rejected) == (2, 4)
    result = [
        (row["file"], row["line"], row["reason"].split(":")[0], row["document"])
        for row in rejects(tmp_path / "raw")
    ]
    assert result == [
        ("a.jsonl", 3, "no _id", b'{"name": "x"}'),
        ("a.jsonl", 4, "not JSON", b"not json"),
        ("a.jsonl", 5, "not UTF-8 text", b"\xff\xfe"),
        ("deep/b.json", 2, "not a JSON object", b"5"),
    ]


def test_rejects_of_the_last_run_replace_those_before(tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text('{"_id": "1"}\nbroken\n')
    run(source, tmp_path / "raw")
    assert len(rejects(tmp_path / "raw")) == 1
    write_lines(source, [{"_id": "1"}])
    run(source, tmp_path / "raw")
    assert rejects(tmp_path / "raw") == []


@pytest.mark.parametrize(
    ("name", "content", "ids"),
    [
        ("a.json", b'{"_id": "1"}', ["1"]),
        ("a.json", b'[{"_id": "1"}, {"_id": "2"}]', ["1", "2"]),
        ("a.json", b'{"_id": "1"}\n{"_id": "2"}\n', ["1", "2"]),
        ("a.json", b'{\n  "_id": "1"\n}\n', ["1"]),
        ("a.json", b'\xef\xbb\xbf[{"_id": "1"}]', ["1"]),
        ("a.json", b"", []),
        ("a.json", b"[]", []),
        ("a.jsonl", b'\xef\xbb\xbf{"_id": "1"}\r\n{"_id": "2"}', ["1", "2"]),
        ("a.jsonl.gz", gzip.compress(b'{"_id": "1"}\n{"_id": "2"}\n', mtime=0), ["1", "2"]),
        ("a.json.gz", gzip.compress(b'[{"_id": "1"}]', mtime=0), ["1"]),
    ],
)
def test_file_forms(tmp_path: Path, name: str, content: bytes, ids: list[str]) -> None:
    (tmp_path / name).write_bytes(content)
    report = run(tmp_path / name, tmp_path / "raw")
    assert report.rejected == 0
    assert [row["_id"] for row in rows(tmp_path / "raw")] == ids


def test_salvage_takes_what_came_before_the_break_of_a_gzip(tmp_path: Path) -> None:
    lines = "".join(json.dumps({"_id": str(n), "t": os.urandom(40).hex()}) + "\n" for n in range(9))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines.encode())[:-200])
    source = open_source(str(tmp_path / "a.jsonl.gz"), SourceOptions(salvage=True))
    report = extract(source, tmp_path / "raw")
    assert 0 < report.listed < 9
    assert rejects(tmp_path / "raw")[-1]["reason"].startswith("damaged compression")
    assert rejects(tmp_path / "raw")[-1]["line"] is None


def test_empty_source_leaves_a_lake_with_a_schema(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("")
    run(tmp_path / "a.jsonl", tmp_path / "raw")
    (file,) = Lake(tmp_path / "raw", "docdb_v2").files()
    assert pq.read_table(file).num_rows == 0
    assert "quality_control" in pq.read_schema(file).names


@pytest.mark.parametrize(
    ("source", "error", "part"),
    [
        ("missing.jsonl", SourceError, "missing.jsonl"),
        ("sample:many", SettingsError, "sample:many"),
        ("mongodb://user:secret@host/db?nonsense", SettingsError, "mongodb://"),
        ("ftp://user:secret@host", SettingsError, "ftp://"),
        ("mongodb:/user:secret@host", SettingsError, "mongodb://"),
        ("x" * 5_000, SourceError, "File name too long"),
        ("a/" * 5_000, SourceError, "File name too long"),
    ],
)
def test_unusable_source_is_named(
    tmp_path: Path, source: str, error: type[Exception], part: str
) -> None:
    with pytest.raises(error, match=part) as caught:
        run(source, tmp_path / "raw")
    assert "secret" not in str(caught.value)


def test_folder_without_records_is_an_error_and_buries_nothing(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    run(write_lines(tmp_path / "a.jsonl", [{"_id": "1"}]), raw)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="empty"):
        run(tmp_path / "empty", raw)
    assert [row["is_deleted"] for row in rows(raw)] == [False]


def test_wrong_suffix_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x")
    with pytest.raises(SourceError, match=r"a\.csv"):
        run(tmp_path / "a.csv", tmp_path / "raw")


def test_second_writer_is_refused(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "a.jsonl", [{"_id": "1"}])
    with Lake(tmp_path / "raw", "docdb_v2").locked(), pytest.raises(LockedError, match="raw"):
        run(source, tmp_path / "raw")
    assert run(source, tmp_path / "raw").new == 1


def with_clock_ahead(raw: Path, ahead: timedelta) -> None:
    """As if the clock had been ahead in the run that wrote the lake."""
    store = Lake(raw, "docdb_v2").store
    (listed,) = store.listed()
    table = pq.read_table(store.path / listed.name)
    at = table.schema.get_field_index("extracted_at")
    later = table.column(at).to_pylist()[0] + ahead
    field = table.schema.field(at)
    file = store.create(listed.name, table.schema)
    file.write(table.set_column(at, field, pa.array([later] * len(table), field.type)))
    store.commit([file.finish(listed.run, listed.buckets)])


def test_a_clock_that_was_ahead_does_not_make_new_versions_old(tmp_path: Path) -> None:
    source, raw = tmp_path / "a.jsonl", tmp_path / "raw"
    assert run(write_lines(source, [{"_id": "1", "n": 1}]), raw).clock is None
    with_clock_ahead(raw, timedelta(days=27_000))
    report = run(write_lines(source, [{"_id": "1", "n": 2}]), raw)
    assert [row["extra"] for row in live(raw)] == ['{"n":2}']
    assert live(raw)[0]["extracted_at"] - datetime.now(timezone.utc) < timedelta(minutes=1)
    assert report.clock is not None
    assert "later than now" in report.clock


@pytest.mark.parametrize(
    ("after_ms", "records"),
    [(40, 300), *(pytest.param(each, 1500, marks=pytest.mark.slow) for each in (5, 120, 250, 400))],
)
def test_killed_run_leaves_a_lake_from_which_the_next_continues(
    tmp_path: Path, after_ms: int, records: int
) -> None:
    script = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from extract.lake.policy import Policy
        from extract.pipeline import extract
        from extract.sources.open import open_source
        policy = Policy(group_rows=20, file_bytes=4_000)   # many small files
        sys.stdout.write("ready"); sys.stdout.flush()
        extract(open_source(sys.argv[2]), Path(sys.argv[1]), policy=policy)
        """
    )
    raw = tmp_path / "raw"
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(raw), f"sample:{records}"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.read(5)
    time.sleep(after_ms / 1000)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    for file in Lake(raw, "docdb_v2").files():
        pq.ParquetFile(file)  # each file that has its name is whole
    survived = held(raw)
    report = run(f"sample:{records}", raw)
    assert report.unchanged == survived
    assert report.new == records - survived
    assert held(raw) == records
    assert not list(raw.rglob(".*.tmp"))


def test_source_that_shrinks_buries_nothing_unless_it_may(tmp_path: Path) -> None:
    source, raw = tmp_path / "a.jsonl", tmp_path / "raw"
    run(write_lines(source, [{"_id": str(number)} for number in range(9)]), raw)
    write_lines(source, [{"_id": "1"}])
    with pytest.raises(SourceError, match="--allow-shrink"):
        run(source, raw)
    assert len(live(raw)) == 9
    allowed = ExtractOptions(allow_shrink=True)
    assert extract(open_source(str(source)), raw, options=allowed).deleted == 8


def test_smaller_source_of_another_name_replaces_the_one_before(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    run("sample", raw)
    assert run(write_lines(tmp_path / "a.jsonl", [{"_id": "1"}]), raw).deleted == 400
    assert [row["_id"] for row in live(raw)] == ["1"]

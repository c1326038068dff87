"""A lake of an older version is rewritten once, and nothing of it is lost."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from biodata_cache import LakeError
from biodata_cache._core.settings.values import ExtractOptions
from extract.documents.document import bucket_of, hash_of
from extract.lake.lake import SCHEMA, Lake
from extract.lake.reading import reading
from extract.pipeline import extract
from extract.sources.base import Document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OLD = pa.schema([field for field in SCHEMA if field.name != "run"])
FIRST = datetime(2026, 1, 1, tzinfo=timezone.utc)


class Given:
    """Documents with a name each."""

    description = "file:a.jsonl"
    size = None
    files = None

    def __init__(self, *rows: tuple[str, str]) -> None:
        self.rows = rows

    def documents(self) -> Iterator[Document]:
        for number, row in enumerate(self.rows, start=1):
            yield Document(document(*row), "a.jsonl", number)


def document(record_id: str, name: str) -> bytes:
    return json.dumps({"_id": record_id, "name": name}).encode()


def write(raw: Path, at: datetime, rows: list[tuple[str, str | None]], number: int = 0) -> Path:
    """A file as the older version wrote it."""
    full: list[dict[str, Any]] = [
        dict.fromkeys(OLD.names)
        | {
            "_id": record_id,
            "name": name,
            "extracted_at": at,
            "source": "file:a.jsonl",
            "position": position,
            "bucket": 3,
            "content_hash": None if name is None else hash_of(document(record_id, name)),
            "is_deleted": name is None,
        }
        for position, (record_id, name) in enumerate(rows)
    ]
    path = raw / "docdb_v2" / f"{at:%Y%m%dT%H%M%S%f}Z-{number:04}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(full, OLD), path)
    return path


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A lake that was changed, lost a record, and was compacted by a run that was killed."""
    write(tmp_path, FIRST, [("a", "old"), ("b", "same"), ("c", "gone"), ("d", "1"), ("d", "2")])
    write(tmp_path, FIRST + timedelta(days=1), [("a", "new"), ("c", None)])
    write(tmp_path, FIRST + timedelta(microseconds=1), [("b", "same")])
    write(tmp_path, FIRST + timedelta(days=2), [("é", "late")], 7)
    return tmp_path


SAME = Given(("a", "new"), ("b", "same"), ("d", "1"), ("d", "2"), ("é", "late"))
LIVE = [
    ("a", "new", bucket_of("a")),
    ("b", "same", bucket_of("b")),
    ("d", "1", bucket_of("d")),
    ("d", "2", bucket_of("d")),
    ("é", "late", bucket_of("é")),
]


def live(raw: Path) -> list[tuple[Any, ...]]:
    files = [str(path) for path in Lake(raw, "docdb_v2").files()]
    query = """
        select _id, name, bucket from read_parquet(?)
        qualify run = max(run) over (partition by _id) and not is_deleted
        order by all
    """
    return duckdb.execute(query, [files]).fetchall()


def test_an_older_lake_is_taken_over_once(raw: Path) -> None:
    report = extract(SAME, raw)
    assert (report.new, report.changed, report.unchanged, report.deleted) == (0, 0, 4, 0)
    assert live(raw) == LIVE
    assert [path.name for path in sorted((raw / "docdb_v2").glob("*.parquet"))] == [
        path.name for path in Lake(raw, "docdb_v2").files()
    ], "the old files are gone"
    report = extract(Given(*SAME.rows[:3], ("é", "later")), raw)
    assert (report.changed, report.unchanged) == (2, 2)
    assert live(raw)[-1] == ("é", "later", bucket_of("é")), "newer than whatever was taken over"


def test_times_and_sources_stay(raw: Path) -> None:
    extract(SAME, raw)
    files = [str(path) for path in Lake(raw, "docdb_v2").files()]
    result = duckdb.execute(
        "select _id, epoch_us(extracted_at), source from read_parquet(?) where _id in ('a', 'é')"
        " order by 1",
        [files],
    ).fetchall()
    days = [int((FIRST + timedelta(days=n)).timestamp()) * 10**6 for n in (1, 2)]
    assert result == [("a", days[0], "file:a.jsonl"), ("é", days[1], "file:a.jsonl")]


def test_a_dry_run_reads_an_older_lake_and_leaves_it(raw: Path) -> None:
    before = sorted(raw.rglob("*"))
    report = extract(SAME, raw, options=ExtractOptions(dry_run=True))
    assert (report.new, report.changed, report.unchanged) == (0, 0, 4)
    assert sorted(raw.rglob("*")) == before


def test_old_files_that_are_read_stay_and_are_not_read_twice(raw: Path) -> None:
    with reading(raw):
        extract(SAME, raw)
        assert live(raw) == LIVE
    extract(SAME, raw)
    assert not list((raw / "docdb_v2").glob("*Z-*.parquet"))
    assert live(raw) == LIVE


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"x" * 999])
def test_a_file_of_an_older_lake_that_cannot_be_read_is_named(raw: Path, damage: bytes) -> None:
    path = next((raw / "docdb_v2").glob("*Z-0007.parquet"))
    path.write_bytes(damage)
    with pytest.raises(LakeError, match=path.name):
        extract(SAME, raw)
    path.unlink()
    assert extract(SAME, raw).new == 1


def test_damaged_pages_of_an_older_lake_are_an_error_of_ours(raw: Path) -> None:
    path = next((raw / "docdb_v2").glob("*Z-0007.parquet"))
    content = path.read_bytes()
    for at in range(4, len(content) - 8, 97):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
        try:
            extract(SAME, raw, options=ExtractOptions(dry_run=True, allow_shrink=True))
        except LakeError as error:
            assert "docdb_v2" in str(error)  # noqa: PT017


def test_a_file_of_others_in_an_older_lake_is_named(raw: Path) -> None:
    path = raw / "docdb_v2" / "20269999T999999999999Z-0000.parquet"
    pq.write_table(pa.table({"x": [1]}), path)
    with pytest.raises(LakeError, match=rf"{path.name} has no column .*Move it away"):
        extract(SAME, raw)


def test_killed_while_it_is_taken_over(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new files are there, their list is not: the old ones still are the lake."""

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("extract.lake.folder.Folder.commit", killed)
        with pytest.raises(KeyboardInterrupt):
            extract(SAME, raw)
    assert extract(SAME, raw).unchanged == 4
    assert live(raw) == LIVE

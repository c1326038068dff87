"""Two lakes with one hash give the same tables."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from extract.content_hash import content_hash
from extract.objects.object_tables import ResponseTable
from extract.pipeline import extract
from extract.sources.open import open_source

if TYPE_CHECKING:
    from pathlib import Path

NIGHT = datetime(2026, 1, 31, tzinfo=timezone.utc)
FOUND = ("s3://a/b", "channels/1", '{"a": 1}', None)
NOTHING = ("s3://a/c", None, None, None)


def put(raw: Path, *records: dict[str, str]) -> None:
    source = raw.parent / "records.jsonl"
    source.write_text("".join(json.dumps(record) + "\n" for record in records))
    extract(open_source(str(source)), raw)


def answer(raw: Path, night: int, *rows: tuple[str | None, ...], store: str = "s3") -> None:
    table = ResponseTable(raw, "channels")
    table.add(rows, NIGHT + timedelta(days=night), store)
    table.flush()


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    put(folder, {"_id": "1", "name": "one"}, {"_id": "2", "name": "two"})
    answer(folder, 0, FOUND, NOTHING)
    return folder


def test_records_and_responses_that_are_the_same_give_the_same(raw: Path) -> None:
    before = content_hash(raw)
    put(raw, {"_id": "1", "name": "one"}, {"_id": "2", "name": "two"})
    answer(raw, 1, NOTHING)
    answer(raw, 2, FOUND, store="a folder")
    assert content_hash(raw) == before


@pytest.mark.parametrize(
    "records",
    [
        [{"_id": "1", "name": "one"}, {"_id": "2", "name": "another"}],
        [{"_id": "1", "name": "one"}],
        [{"_id": str(number), "name": "a"} for number in (1, 2, 3)],
    ],
    ids=["changed", "deleted", "new"],
)
def test_other_records_give_another(raw: Path, records: list[dict[str, str]]) -> None:
    before = content_hash(raw)
    put(raw, *records)
    assert content_hash(raw) != before


@pytest.mark.parametrize(
    "rows",
    [
        [("s3://a/b", None, None, None)],
        [("s3://a/b", "channels/1", '{"a": 2}', None)],
        [("s3://a/b", "channels/1", '{"a": 1}', "refused")],
        [FOUND, ("s3://a/b", "channels/2", None, None)],
        [("s3://a/d", None, None, None)],
    ],
)
def test_other_responses_give_another(raw: Path, rows: list[tuple[str | None, ...]]) -> None:
    before = content_hash(raw)
    answer(raw, 1, *rows)
    assert content_hash(raw) != before

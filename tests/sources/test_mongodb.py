"""MongoDB over the wire: what is fetched, what it becomes, and that only changes are fetched."""

from __future__ import annotations

import base64
import datetime as dt
import json
import uuid

import pytest
from bson import Binary, Decimal128, Int64, ObjectId, Regex
from lakes import check_keys, documents, rejects, repairs, rows, run_records
from mongodb_server import Proxy

from biodata_cache import SourceError
from biodata_cache._core.settings.values import ExtractOptions
from extract.documents.document import V1
from extract.pipeline import extract
from extract.retries import Retries
from extract.sources.base import SourceOptions
from extract.sources.open import open_source

QUICK = Retries(ceiling=3, first=0.01, longest=0.1)


def document(number: int, **others) -> dict:
    return {
        "_id": f"record-{number:05}",
        "name": f"asset {number}",
        "subject": {"subject_id": str(number), "Note": "µ\n", "note": None, "": 1},
        "_last_modified": "2026-03-13T10:14:00.630Z",
        **others,
    }


def fetch(collection, raw, uri=None, lake="docdb_v2", **options):
    policy = options.pop("policy", None)
    source_options = {
        name: options.pop(name) for name in ("shape", "retries", "workers") if name in options
    }
    host, port = collection.database.client.address
    source = open_source(
        uri or f"mongodb://{host}:{port}",
        SourceOptions(
            database=collection.database.name,
            collection=collection.name,
            **{"retries": QUICK, **source_options},
        ),
    )
    return extract(source, raw, lake, options=ExtractOptions(**options), policy=policy)


def content(collection) -> dict[str, dict]:
    return {document["_id"]: document for document in collection.find()}


def counts(report) -> tuple[int, ...]:
    return report.listed, report.new, report.changed, report.unchanged, report.deleted


def test_lake_equals_collection(collection, tmp_path):
    collection.insert_many([document(number) for number in range(250)])
    report = fetch(collection, tmp_path)
    assert counts(report) == (250, 250, 0, 0, 0)
    assert documents(tmp_path) == content(collection)
    assert report.bytes > 0
    assert {row["source"] for row in rows(tmp_path).values()} == {report.source}


def test_second_run_writes_nothing(collection, tmp_path):
    collection.insert_many([document(number) for number in range(50)])
    fetch(collection, tmp_path)
    before = sorted(tmp_path.rglob("*.parquet"))
    assert counts(fetch(collection, tmp_path)) == (50, 0, 0, 50, 0)
    assert sorted(tmp_path.rglob("*.parquet")) == before


def test_only_changes_are_fetched(collection, tmp_path):
    collection.insert_many([document(number, filler="x" * 5_000) for number in range(200)])
    proxy = Proxy(collection.database.client.address[1])
    everything = fetch(collection, tmp_path, proxy.uri)
    first = proxy.bytes
    later = {"_last_modified": "2026-03-14T00:00:00.000Z"}
    collection.update_one({"_id": "record-00007"}, {"$set": later | {"name": "other"}})
    collection.delete_many({"_id": {"$in": ["record-00008", "record-00009"]}})
    collection.insert_many([document(1_000), document(1_001)])
    report = fetch(collection, tmp_path, proxy.uri)
    assert counts(report) == (200, 2, 1, 197, 2)
    assert documents(tmp_path) == content(collection)
    assert proxy.bytes - first < first / 10
    assert report.bytes < everything.bytes / 10


def test_changes_that_share_one_instant(collection, tmp_path):
    """A bulk upgrade gives thousands of records the same `_last_modified`."""
    collection.insert_many([document(number) for number in range(3_000)])
    assert fetch(collection, tmp_path).new == 3_000
    later = {"_last_modified": "2026-05-01T00:00:00.000Z", "name": "upgraded"}
    collection.update_many({"_id": {"$lt": "record-02500"}}, {"$set": later})
    assert counts(fetch(collection, tmp_path)) == (3_000, 0, 2_500, 500, 0)
    assert documents(tmp_path) == content(collection)


def test_clock_of_the_database_going_backwards(collection, tmp_path):
    collection.insert_many([document(number) for number in range(5)])
    fetch(collection, tmp_path)
    earlier = {"_last_modified": "2020-01-01T00:00:00.000Z", "name": "restored"}
    collection.update_one({"_id": "record-00001"}, {"$set": earlier})
    assert fetch(collection, tmp_path).changed == 1
    assert documents(tmp_path) == content(collection)


def test_documents_without_last_modified_are_compared_by_content(collection, tmp_path):
    plain = document(1)
    del plain["_last_modified"]
    collection.insert_one(plain)
    fetch(collection, tmp_path)
    assert counts(fetch(collection, tmp_path)) == (1, 0, 0, 1, 0)
    collection.update_one({"_id": plain["_id"]}, {"$set": {"name": "other"}})
    assert counts(fetch(collection, tmp_path)) == (1, 0, 1, 0, 0)
    assert documents(tmp_path) == content(collection)


def test_record_that_comes_back(collection, tmp_path):
    collection.insert_many([document(number) for number in range(4)])
    fetch(collection, tmp_path)
    collection.delete_one({"_id": "record-00001"})
    fetch(collection, tmp_path)
    assert "record-00001" not in documents(tmp_path)
    collection.insert_one(document(1))
    assert fetch(collection, tmp_path).new == 1
    assert documents(tmp_path) == content(collection)


def test_bson_becomes_json_text(collection, tmp_path):
    moment = dt.datetime(2024, 1, 31, 8, 50, 58, 123_000, tzinfo=dt.timezone.utc)
    number = uuid.uuid4()
    odd = {
        "_id": ObjectId("65f1a2b3c4d5e6f708192a3b"),
        "_last_modified": moment,
        "subject": {
            "date": moment,
            "object": ObjectId("65f1a2b3c4d5e6f708192a3c"),
            "decimal": Decimal128("1.50"),
            "long": Int64(2**62),
            "binary": Binary(b"\x00\xff"),
            "uuid": Binary(number.bytes, 4),
            "pattern": Regex("a+"),
            "double": 0.1,
            "whole": 3.0,
        },
    }
    collection.insert_one(odd)
    fetch(collection, tmp_path)
    (row,) = rows(tmp_path).values()
    assert row["_id"] == "65f1a2b3c4d5e6f708192a3b"
    assert row["_last_modified"] == "2024-01-31T08:50:58.123Z"
    subject = json.loads(row["subject"])
    assert list(subject) == list(odd["subject"])
    assert isinstance(subject.pop("pattern"), str)
    assert subject == {
        "date": "2024-01-31T08:50:58.123Z",
        "object": "65f1a2b3c4d5e6f708192a3c",
        "decimal": "1.50",
        "long": 2**62,
        "binary": base64.b64encode(b"\x00\xff").decode(),
        "uuid": str(number),
        "double": 0.1,
        "whole": 3.0,
    }
    assert counts(fetch(collection, tmp_path)) == (1, 0, 0, 1, 0)


def test_numbers_that_json_lacks_become_null_and_are_reported(collection, tmp_path):
    collection.insert_one(
        document(1, quality_control={"metrics": [{"value": float("nan")}, {"value": 1.5}]})
    )
    collection.insert_one(document(2, processing={"x": float("-inf")}))
    report = fetch(collection, tmp_path)
    assert (report.repaired, report.rejected) == (2, 0)
    result = documents(tmp_path)
    assert result["record-00001"]["quality_control"] == {
        "metrics": [{"value": None}, {"value": 1.5}]
    }
    expected = [
        ("record-00001", "quality_control.metrics[0].value"),
        ("record-00002", "processing.x"),
    ]
    for _ in range(2):  # they are still reported by a run that does not fetch them again
        assert repairs(tmp_path) == expected
        assert fetch(collection, tmp_path).unchanged == 2
    collection.update_one(
        {"_id": "record-00002"}, {"$set": {"processing": {}, "_last_modified": "2027"}}
    )
    fetch(collection, tmp_path)
    assert repairs(tmp_path) == expected[:1]


def test_unusable_documents_are_kept_with_the_rejects(collection, tmp_path):
    collection.insert_many([document(1), {"_id": {"a": 1}, "name": "x"}, {"_id": "7"}, {"_id": 7}])
    for _ in range(2):
        report = fetch(collection, tmp_path)
        assert (report.listed, report.rejected) == (2, 2)
        reasons = [reason for _, reason, _ in rejects(tmp_path)]
        assert any("not a text" in reason for reason in reasons)
        assert any("same text" in reason for reason in reasons)
    assert set(documents(tmp_path)) == {"record-00001", "7"}


def test_full_starts_over(collection, tmp_path):
    collection.insert_many([document(number) for number in range(30)])
    fetch(collection, tmp_path)
    # A change that keeps `_last_modified` is invisible to a comparison.
    collection.update_one({"_id": "record-00001"}, {"$set": {"name": "silent"}})
    assert counts(fetch(collection, tmp_path)) == (30, 0, 0, 30, 0)
    collection.delete_one({"_id": "record-00002"})
    report = fetch(collection, tmp_path, full=True)
    assert counts(report) == (29, 0, 1, 28, 1)
    assert documents(tmp_path) == content(collection)
    assert len(list((tmp_path / "docdb_v2").glob("*.parquet"))) == 1


def test_dry_run_counts_and_writes_nothing(collection, tmp_path):
    collection.insert_many([document(number) for number in range(10)])
    assert counts(fetch(collection, tmp_path / "raw", dry_run=True)) == (10, 10, 0, 0, 0)
    assert not (tmp_path / "raw").exists()
    fetch(collection, tmp_path / "raw")
    collection.delete_one({"_id": "record-00001"})
    collection.insert_one(document(77))
    collection.update_one({"_id": "record-00002"}, {"$set": {"_last_modified": "2027-01-01"}})
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    assert counts(fetch(collection, tmp_path / "raw", dry_run=True)) == (10, 1, 1, 8, 1)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()} == before


def test_source_that_lists_too_little_is_not_believed(collection, tmp_path):
    collection.insert_many([document(number) for number in range(10)])
    fetch(collection, tmp_path)
    collection.delete_many({"_id": {"$gt": "record-00003"}})
    with pytest.raises(SourceError, match=r"lists 4 records where .* holds 10.*--allow-shrink"):
        fetch(collection, tmp_path)
    assert len(documents(tmp_path)) == 10
    assert fetch(collection, tmp_path, allow_shrink=True).deleted == 6
    assert documents(tmp_path) == content(collection)


def test_half_of_the_records_may_go(collection, tmp_path):
    collection.insert_many([document(number) for number in range(10)])
    fetch(collection, tmp_path)
    collection.delete_many({"_id": {"$gt": "record-00004"}})
    assert fetch(collection, tmp_path).deleted == 5


def test_version_1_is_cut_to_what_tables_need(collection, tmp_path):
    collection.insert_one(
        {
            "_id": "a",
            "name": "x",
            "location": "s3://bucket/x",
            "created": "2023-01-01T00:00:00",
            "last_modified": "2024-01-01T00:00:00",
            "schema_version": "1.0",
            "external_links": [{"Code Ocean": "b"}],
            "subject": {"subject_id": "1", "genotype": "wt"},
            "data_description": {
                "project_name": "p",
                "data_level": "raw",
                "modality": ["m"],
                "z": 1,
            },
            "session": {"bulk": "x" * 100_000},
        }
    )
    report = fetch(collection, tmp_path, lake="docdb_v1", shape=V1)
    assert report.bytes < 1_000
    (row,) = rows(tmp_path, "docdb_v1").values()
    assert (row["_created"], row["_last_modified"]) == (
        "2023-01-01T00:00:00",
        "2024-01-01T00:00:00",
    )
    assert json.loads(row["subject"]) == {"subject_id": "1"}
    assert json.loads(row["data_description"]) == {
        "project_name": "p",
        "data_level": "raw",
        "modality": ["m"],
    }
    assert json.loads(row["extra"]) == {"external_links": [{"Code Ocean": "b"}]}
    assert counts(fetch(collection, tmp_path, lake="docdb_v1", shape=V1)) == (1, 0, 0, 1, 0)


def test_every_run_leaves_a_record(collection, tmp_path):
    collection.insert_many([document(number) for number in range(10)])
    fetch(collection, tmp_path)
    fetch(collection, tmp_path)
    collection.delete_many({"_id": {"$gt": "record-00003"}})
    with pytest.raises(SourceError):
        fetch(collection, tmp_path)
    first, second, third = run_records(tmp_path)
    names = {"listed", "new", "changed", "deleted", "unchanged", "rejected", "bytes", "seconds"}
    assert names <= first.keys()
    assert (first["outcome"], first["new"], first["unchanged"]) == ("completed", 10, 0)
    assert (second["outcome"], second["new"], second["unchanged"]) == ("completed", 0, 10)
    assert third["outcome"] == "failed"
    assert "--allow-shrink" in third["error"]
    check_keys(tmp_path)

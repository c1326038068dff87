"""The sample's records of version 1, and how their upgrade went."""

from __future__ import annotations

import io
import json

import pyarrow.parquet as pq
import pytest

from extract.documents.document import V1, read_document
from extract.objects.upgrades import CUSTOM
from extract.sample.generator import documents, objects, v1_documents
from extract.sample.v1 import UPGRADES


@pytest.fixture(scope="module")
def newer():
    return {record["_id"]: record for record in map(json.loads, documents())}


@pytest.fixture(scope="module")
def older():
    return [json.loads(document) for document in v1_documents()]


@pytest.fixture(scope="module")
def upgrades():
    content = {(bucket, key): content for bucket, key, content in objects()}[UPGRADES]
    return pq.read_table(io.BytesIO(content)).to_pylist()


def test_most_records_were_upgraded_under_another_id(newer, older) -> None:
    ids = {record["_id"] for record in older}
    assert len(ids) == len(older) > 0.6 * len(newer)
    assert not ids & set(newer)
    names = {record["name"] for record in newer.values()}
    lost = [record["name"] for record in older if record["name"] not in names]
    assert 0 < len(lost) < 0.1 * len(older)


def test_the_extract_reads_them(older) -> None:
    assert list(v1_documents()) == list(v1_documents())
    for document in v1_documents():
        assert read_document(document, V1).record_id


def test_what_is_odd_about_real_ones(older) -> None:
    described = [record["data_description"] for record in older]
    assert {type(each["modality"]) for each in described} >= {list, str}
    assert {"raw", "raw data", "derived", "derived data"} <= {
        each["data_level"] for each in described
    }
    assert any(each["project_name"] is None for each in described)
    assert len({len(record["last_modified"]) for record in older}) > 2
    assert any(record["external_links"] == [] for record in older)


def test_each_upgrade_is_of_a_record(newer, older, upgrades) -> None:
    assert UPGRADES[1].endswith(CUSTOM)
    stamps = {record["_id"]: record["last_modified"] for record in older}
    names = {record["_id"]: record["name"] for record in older}
    assert 0 < len(stamps) - len(upgrades) < 10, "a few are not upgraded yet"
    for row in upgrades:
        assert row["last_modified"] == stamps[row["v1_id"]]
        assert (row["v2_id"] is None) == (row["status"] == "failed")
        if row["v2_id"] is not None:
            assert newer[row["v2_id"]]["name"] == names[row["v1_id"]]
    assert len({row["upgrader_version"] for row in upgrades}) == 2

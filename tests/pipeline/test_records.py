"""Whole records: as the source has them, by name or id, many in one read."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

import biodata_cache
from biodata_cache import AssetNotFoundError, NotFoundWarning
from extract.sample.generator import documents

if TYPE_CHECKING:
    from whole_runs import Pipeline


@pytest.fixture(autouse=True)
def _read_the_sample(sample: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIODATA_CACHE_ROOT", sample.settings.root)


@pytest.fixture(scope="module")
def source() -> dict[str, dict[str, Any]]:
    """The documents of the sample by their _id; the lake knows of no null among what identifies."""
    identity = {"name", "location", "_created", "_last_modified", "schema_version"}
    return {
        document["_id"]: {
            key: value
            for key, value in document.items()
            if value is not None or key not in identity
        }
        for document in map(json.loads, documents())
    }


def test_every_record_is_what_the_source_has(source: dict[str, dict[str, Any]]) -> None:
    found = biodata_cache.get_records(source)
    assert list(found) == list(source)
    for record_id, document in source.items():
        assert found[record_id] == document, record_id


def test_a_name_is_its_newest_record(source: dict[str, dict[str, Any]]) -> None:
    names = Counter(document.get("name") for document in source.values())
    (name, _), *_ = names.most_common(1)
    assert names[name] > 1
    newest = max(
        (document for document in source.values() if document.get("name") == name),
        key=lambda document: document["_last_modified"],
    )
    assert biodata_cache.get_record(name) == newest
    assert biodata_cache.get_record(newest["_id"]) == newest


def test_unknown_facts_are_stated() -> None:
    with pytest.raises(AssetNotFoundError, match="no record of the name or _id 'nobody'"):
        biodata_cache.get_record("nobody")
    with pytest.warns(NotFoundWarning, match="no record of the name or _id 'nobody'"):
        assert biodata_cache.get_records(["nobody"]) == {}
    assert biodata_cache.get_records([]) == {}


def test_the_table_can_be_queried(source: dict[str, dict[str, Any]]) -> None:
    ids = biodata_cache.scan("records", columns=["_id"]).df()["_id"].tolist()
    assert sorted(ids) == sorted(source)
    (count,) = biodata_cache.sql("select count(subject) as n from records")["n"]
    assert count == sum(document.get("subject") is not None for document in source.values())


def test_it_has_objects_and_no_public_file(sample: Pipeline) -> None:
    (entry,) = [each for each in sample.registry() if each["name"] == "records"]
    assert (entry["files"], len(entry["objects"])) == (0, 16)
    assert entry["row_count"] == sum(each["rows"] for each in entry["objects"])
    assert not list(sample.published.glob("records*.pqt"))

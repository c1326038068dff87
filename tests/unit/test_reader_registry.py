"""The registry and the index of versions."""

from __future__ import annotations

import dataclasses
import json

import pytest

import biodata_cache
from biodata_cache import (
    CacheRegistry,
    ColumnEntry,
    RegistryError,
    TableNotFoundError,
    get_cache_registry,
    get_cache_versions,
)

OLD = {
    "name": "asset_basics",
    "description": "One row per record",
    "location": "s3://bucket/data-asset-cache/bdc-v0.50.0/asset_basics.pqt",
    "partitioned": False,
    "partition_key": None,
    "type": "metadata",
    "columns": [{"name": "_id", "description": "Id"}],
}
NEW = {
    "name": "quality_control",
    "description": "One row per metric",
    "location": "s3://bucket/data-asset-cache/bdc-v0.50.0/qc/",
    "partitioned": True,
    "partition_key": "subject_id",
    "type": "asset",
    "columns": [{"name": "tags", "description": "Tags", "type": "VARCHAR[]"}],
    "row_count": 7,
    "bytes": 1234,
    "files": 1,
    "sha256": "ab",
    "built_at": "2024-01-31T00:00:00Z",
    "build_id": "b1",
    "primary_key": ["asset_id", "metric_index"],
    "sort_order": ["asset_name"],
    "something_of_a_later_version": {"x": 1},
}


def test_every_key_is_an_attribute(cache):
    cache.enter(NEW)
    entry = get_cache_registry()["quality_control"]
    for key in set(NEW) - {"columns", "something_of_a_later_version"}:
        value = getattr(entry, key)
        assert (list(value) if isinstance(value, tuple) else value) == NEW[key]
    assert entry.columns == (ColumnEntry("tags", "Tags", "VARCHAR[]"),)


def test_an_entry_of_an_older_publisher_loads(cache):
    cache.enter(OLD)
    (entry,) = get_cache_registry()
    assert entry.columns == (ColumnEntry("_id", "Id"),)
    assert (entry.partitioned, entry.partition_key) == (False, None)
    absent = [
        entry.row_count,
        entry.bytes,
        entry.files,
        entry.sha256,
        entry.built_at,
        entry.build_id,
    ]
    assert absent == [None] * 6
    assert (entry.primary_key, entry.sort_order) == ((), ())


def test_a_registry_is_a_collection_of_tables_by_name(cache):
    cache.enter(NEW)
    cache.enter(OLD)
    registry = get_cache_registry()
    assert isinstance(registry, CacheRegistry)
    assert (
        registry.names == [entry.name for entry in registry] == ["quality_control", "asset_basics"]
    )
    assert len(registry) == len(registry.tables) == 2
    assert "asset_basics" in registry
    assert "assets" not in registry
    with pytest.raises(TableNotFoundError, match=r"Nearest: 'asset_basics'\."):
        registry["asset_basic"]


def test_a_registry_cannot_be_changed(cache):
    cache.enter(OLD)
    registry = get_cache_registry()
    with pytest.raises(dataclasses.FrozenInstanceError):
        registry.tables = ()
    with pytest.raises(dataclasses.FrozenInstanceError):
        registry["asset_basics"].location = "elsewhere"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"name": None}, "tables[1]: key 'name'"),
        ({"name": 5}, "tables[1]: key 'name'"),
        ({"location": ""}, "tables[1] (quality_control): key 'location'"),
        ({"type": "index"}, "key 'type' must be one of metadata, asset"),
        ({"columns": None}, "key 'columns' must be a list; it is null"),
        ({"columns": {"name": "x"}}, "key 'columns' must be a list"),
        ({"columns": ["x"]}, "tables[1] (quality_control): columns[0]: it must be an object"),
        ({"columns": [{"description": "x"}]}, "columns[0]: key 'name'"),
        ({"columns": [{"name": "x", "type": 1}]}, "columns[0] (x): key 'type' must be a text"),
        ({"description": ["x"]}, "key 'description' must be a text"),
        ({"partitioned": "yes"}, "key 'partitioned' must be true or false"),
        ({"partition_key": None}, "key 'partition_key' must be a text"),
        ({"row_count": "7"}, "key 'row_count' must be a whole number"),
        ({"row_count": True}, "key 'row_count' must be a whole number"),
        ({"primary_key": "asset_id"}, "key 'primary_key' must be a list of texts"),
    ],
)
def test_a_malformed_entry_is_named_with_its_key(cache, change, where):
    cache.enter(OLD)
    cache.enter(NEW | change)
    with pytest.raises(RegistryError) as caught:
        get_cache_registry()
    message = str(caught.value)
    assert str(cache.folder / "cache_registry.json") in message
    assert where in message
    assert "Publish this version again" in message


@pytest.mark.parametrize("key", ["name", "location", "type", "columns"])
def test_a_key_that_is_missing_is_named(cache, key):
    cache.enter({name: value for name, value in OLD.items() if name != key})
    with pytest.raises(RegistryError, match=rf"key '{key}' .*it is missing"):
        get_cache_registry()


def test_two_entries_of_one_name_are_refused(cache):
    cache.enter(OLD)
    cache.enter(OLD)
    with pytest.raises(RegistryError, match="more than one entry for asset_basics"):
        get_cache_registry()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"{}", b'{"tables": 5}', b'{"tables": [5]}', b"\xff\xfe"]
)
def test_a_registry_that_is_none_is_refused(cache, content):
    (cache.folder / "cache_registry.json").write_bytes(content)
    with pytest.raises(RegistryError, match=r"cache_registry\.json"):
        get_cache_registry()


def test_a_version_without_a_registry_is_refused(cache):
    cache.plain("asset_basics", "select 'a' as name")
    (cache.folder / "cache_registry.json").unlink()
    with pytest.raises(RegistryError, match=r"cache_registry\.json is missing"):
        biodata_cache.asset_basics()


def test_versions_are_those_of_the_index_with_the_newest_last(cache):
    names = ["bdc-v0.100.0", "bdc-v0.9.0", "bdc-v0.34-shadow", "custom"]
    (cache.home / "cache_versions.json").write_text(json.dumps(names), encoding="utf-8")
    assert get_cache_versions() == ["bdc-v0.9.0", "bdc-v0.100.0"]


def test_without_an_index_there_is_no_version(cache):
    assert get_cache_versions() == []


def test_versions_need_no_version_to_be_published(cache, monkeypatch):
    (cache.home / "cache_versions.json").write_text('["bdc-v0.50.0"]', encoding="utf-8")
    monkeypatch.setenv("BIODATA_CACHE_VERSION", "9.9")
    assert get_cache_versions() == ["bdc-v0.50.0"]


@pytest.mark.parametrize("content", ["", "{}", '"bdc-v0.50.0"', "[1]"])
def test_an_index_that_is_none_is_refused(cache, content):
    (cache.home / "cache_versions.json").write_text(content, encoding="utf-8")
    with pytest.raises(RegistryError, match=r"cache_versions\.json"):
        get_cache_versions()

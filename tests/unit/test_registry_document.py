"""The registry as a document: what is written is read again, and paths stay inside."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biodata_cache import CacheRegistry, ColumnEntry, RegistryError
from biodata_cache._core import layout as _layout
from biodata_cache._core.registry import document as _document
from biodata_cache._core.registry.entries import CheckEntry, ForeignKey, ObjectFile, TableEntry

SHA = "0a" * 32
OBJECT = ObjectFile(f"{SHA}.pqt", 7, 1234, SHA)
ENTRY = TableEntry(
    name="quality_control",
    description="One row per metric",
    location="s3://bucket/data-asset-cache/bdc-v0.50.0/qc",
    partitioned=True,
    partition_key="subject_id",
    type="asset",
    columns=(ColumnEntry("tags", "Tags", "VARCHAR[]"),),
    row_count=7,
    bytes=1234,
    files=1,
    sha256="ab",
    built_at="2024-01-31T00:00:00Z",
    build_id="20240131T000000Z-0a1b2c3d",
    primary_key=("asset_id", "metric_index"),
    sort_order=("asset_name",),
    foreign_keys=(ForeignKey("asset_id", "asset_basics", "_id"),),
    partition_count=1,
    objects=(OBJECT,),
    checks=(CheckEntry("`name` is never missing", "pass"),),
    made_from={"staging": ("stg_docdb__records",)},
)
REGISTRY = CacheRegistry(
    (ENTRY,),
    build="20240131T000000Z-0a1b2c3d",
    built_at="2024-01-31T00:00:00Z",
    public_files=OBJECT,
    profiles=OBJECT,
)
counts = st.none() | st.integers(min_value=0)
texts = st.text(st.characters(blacklist_categories=["Cs"]))
values = st.none() | st.booleans() | st.integers() | texts | st.lists(texts)
columns = st.builds(
    ColumnEntry, texts, texts, st.none() | texts, st.dictionaries(st.just("unit"), texts)
)
entries = st.builds(
    TableEntry,
    name=texts.filter(bool),
    description=texts,
    location=texts.filter(bool),
    type=st.sampled_from(["metadata", "asset"]),
    columns=st.lists(columns).map(tuple),
    row_count=counts,
    built_at=st.none() | texts,
    primary_key=st.lists(texts).map(tuple),
    partition_count=counts,
    objects=st.sampled_from([(), (OBJECT,)]),
    checks=st.lists(st.builds(CheckEntry, texts, texts)).map(tuple),
    foreign_keys=st.sampled_from([(), ENTRY.foreign_keys]),
    made_from=st.dictionaries(texts, st.lists(texts).map(tuple)),
    other=st.dictionaries(st.sampled_from(["later", "other_key"]), values),
)


def test_a_registry_is_read_as_it_was_written() -> None:
    content = _document.document(REGISTRY)
    assert _document.parse(content, "registry") == REGISTRY
    assert list(json.loads(content)) == ["build", "built_at", "public_files", "profiles", "tables"]


@given(st.lists(entries, max_size=3, unique_by=lambda entry: entry.name))
def test_any_registry_is_read_as_it_was_written(tables: list[TableEntry]) -> None:
    registry = CacheRegistry(tuple(tables), other={"later": [1]})
    content = _document.document(registry)
    result = _document.parse(content, "registry")
    assert result == registry
    assert _document.document(result) == content


def test_what_another_version_says_is_kept_at_every_level() -> None:
    raw = json.loads(_document.document(REGISTRY)) | {"format": {"of": 3}}
    raw["tables"][0]["licence"] = "CC0"
    raw["tables"][0]["columns"][0]["unit"] = "mm"
    result = _document.parse(json.dumps(raw), "registry")
    assert json.loads(_document.document(result)) == raw


def test_fragments_alone_are_a_registry() -> None:
    other = dataclasses.replace(ENTRY, name="assets", partitioned=False, partition_key=None)
    result = _document.parse_fragments(
        {"b.json": _document.fragment(ENTRY), "a.json": _document.fragment(other)}
    )
    assert result == CacheRegistry((other, ENTRY))
    with pytest.raises(RegistryError, match=r"a\.json: key 'name' must be a text"):
        _document.parse_fragments({"a.json": b"{}"})


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"objects": [{"name": "../../x", "rows": 1, "bytes": 1, "sha256": SHA}]}, "'objects'"),
        ({"objects": [{"name": "x", "rows": 1, "bytes": 1}]}, "objects[0] (x): key 'sha256'"),
        ({"objects": {}}, "key 'objects' must be a list"),
        ({"checks": [{"check": "x"}]}, "checks[0]: key 'status'"),
        ({"made_from": {"raw": "x"}}, "key 'made_from' must be an object of lists of texts"),
        ({"partition_count": "1"}, "key 'partition_count' must be a whole number"),
        ({"description": "\ud800"}, "it holds what is no text"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], where: str) -> None:
    raw = json.loads(_document.document(REGISTRY))
    raw["tables"][0] |= change
    with pytest.raises(RegistryError) as caught:
        _document.parse(json.dumps(raw), "registry")
    assert where in str(caught.value)


def test_a_document_that_is_nested_too_deeply_is_no_registry() -> None:
    with pytest.raises(RegistryError, match="registry is not JSON"):
        _document.parse("[" * 200_000, "registry")


def test_the_hash_of_a_build_does_not_know_when_it_was_made() -> None:
    later = dataclasses.replace(ENTRY, built_at="2025-01-31T00:00:00Z", build_id="b2")
    other = dataclasses.replace(ENTRY, row_count=8)
    assert _document.content_hash([ENTRY]) == _document.content_hash([later])
    assert _document.content_hash([ENTRY]) != _document.content_hash([other])


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "a\0", "a\n", "x" * 256, "\ud800"])
def test_what_is_no_single_name_makes_no_path(name: str) -> None:
    with pytest.raises(RegistryError):
        _layout.path("bdc-v0.50.0", name)


@pytest.mark.parametrize("name", ["../../../../escaped", "../../cache_versions", "a/b"])
def test_names_from_documents_make_no_paths(name: str) -> None:
    for make in (
        lambda: _layout.fragment_path("bdc-v0.50.0", name),
        lambda: _layout.object_path(f"{name}.pqt"),
        lambda: _layout.build_path("bdc-v0.50.0", name),
        lambda: _layout.registry_path(name),
        lambda: _layout.partition_path("qc", name, "x"),
    ):
        with pytest.raises(RegistryError):
            make()


@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=20))
def test_every_value_of_a_partition_makes_its_own_path(value: str) -> None:
    path = _layout.partition_path("bdc-v0.50.0/qc", "subject_id", value)
    assert _layout.partition_value("bdc-v0.50.0/qc", "subject_id", path) == value
    assert len(path.split("/")) == 4


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("s3://bucket/data-asset-cache/bdc-v0.50.0/qc/", "bdc-v0.50.0/qc"),
        ("/bdc-v0.50.0/old/bdc-v0.50.0/assets.pqt", "bdc-v0.50.0/assets.pqt"),
        ("C:\\root\\data-asset-cache\\bdc-v0.50.0\\assets.pqt", "bdc-v0.50.0/assets.pqt"),
        ("assets.pqt", "bdc-v0.50.0/assets.pqt"),
    ],
)
def test_a_location_is_read_where_the_registry_lies(location: str, path: str) -> None:
    assert _layout.data_path("bdc-v0.50.0", "t", location) == path
    folder = path.rpartition("/")[2].removesuffix(".pqt")
    assert _layout.sidecar_path(path) == f"bdc-v0.50.0/{folder}.json"


@pytest.mark.parametrize("location", ["..", "/", "s3://b/bdc-v0.50.0/../x", "s3://b/bdc-v0.50.0/"])
def test_a_location_leads_nowhere_else(location: str) -> None:
    with pytest.raises(RegistryError, match="names no file"):
        _layout.data_path("bdc-v0.50.0", "t", location)

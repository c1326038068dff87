"""Builds, read from their objects: the same as public files give, and what is their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb
import pytest
import test_filters
import test_reader
import test_sql
from published_cache import SUBJECTS, Built, Published, qc_rows
from test_filters import assets  # noqa: F401
from test_sql import both  # noqa: F401

import biodata_cache
from biodata_cache import (
    ArgumentError,
    CacheFileError,
    CacheNotFoundError,
    NotFoundWarning,
    TableNotFoundError,
    connect,
    partitions,
    scan,
    sql,
)

if TYPE_CHECKING:
    from pathlib import Path

# These are about public files that are missing or damaged, or that the registry places wrongly.
_OF_PUBLIC_FILES = {
    "test_a_damaged_file_is_named",
    "test_a_file_damaged_in_the_middle_is_named",
    "test_a_file_that_is_replaced_while_it_is_read_is_read_again",
    "test_a_key_reads_one_file_and_leaves_the_others_alone",
    "test_a_location_outside_the_version_is_refused",
    "test_a_missing_file_is_named",
    "test_a_missing_partition_file_is_named",
    "test_a_partition_that_the_registry_does_not_list_is_not_read",
    "test_a_subject_without_a_partition_is_named",
    "test_only_tables_that_are_named_are_looked_at",
    "test_only_the_end_of_a_location_counts",
    "test_partitions_that_an_older_publisher_did_not_list_are_found",
}
for _module in (test_reader, test_sql, test_filters):
    for _name, _value in list(vars(_module).items()):
        if _name.startswith("test_") and _name not in _OF_PUBLIC_FILES and callable(_value):
            globals()[_name] = _value


@pytest.fixture
def local(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of what is remembered on this machine."""
    folder = tmp_path_factory.mktemp("local")
    monkeypatch.setenv("BIODATA_CACHE_LOCAL_CACHE", str(folder))
    return folder


@pytest.fixture
def cache(local: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Built:
    """An empty version 0.50.0, which the settings name."""
    published = Built(tmp_path / "published")
    published.folder.mkdir(parents=True)
    published.write_registry()
    monkeypatch.setenv("BIODATA_CACHE_ROOT", str(published.root))
    monkeypatch.setenv("BIODATA_CACHE_VERSION", published.version)
    return published


def object_of(published: Published, table: str) -> Path:
    """The object of a table in the live build."""
    registry = json.loads((published.folder / "cache_registry.json").read_text())
    (entry,) = (entry for entry in registry["tables"] if entry["name"] == table)
    (listed,) = entry["objects"]
    return published.home / ".objects" / listed["name"]


def new_process(code: str) -> str:
    """Output of code in a process that knows nothing yet."""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.strip()


# Objects -----------------------------------------------------------------------------------------


def test_public_files_are_not_read(qc_cache: Built) -> None:
    for path in qc_cache.folder.rglob("*.pqt"):
        path.unlink()
    assert len(biodata_cache.quality_control()) == 2 * len(SUBJECTS)
    for subject in SUBJECTS:
        assert set(biodata_cache.quality_control(subject)["subject_id"]) == {subject}


@pytest.mark.parametrize(
    "subject", ["0", "00451", "4510", "0451/../451", "%2E%2E", "x" * 5000, "\0"]
)
def test_a_subject_that_no_record_names_warns_for_a_build(qc_cache: Built, subject: str) -> None:
    for read in (
        biodata_cache.quality_control,
        lambda it: scan("quality_control", subject_id=it).df(),
    ):
        with pytest.warns(NotFoundWarning) as reported:
            assert len(read(subject)) == 0
        assert repr(subject) in str(reported[0].message)


def test_partitions_come_in_the_requested_order(cache: Built) -> None:
    subjects = [str(number) for number in range(100, 200)]
    cache.partitioned(
        "quality_control", "qc", "subject_id", {each: qc_rows(each) for each in subjects}
    )
    for requested in (["150", "101", "199"], subjects[::-1]):
        result = biodata_cache.quality_control(requested)
        assert result["subject_id"].tolist() == [each for each in requested for _ in range(2)]
        assert result["asset_name"].str.endswith("_first").tolist() == [True, False] * len(
            requested
        )


def test_one_subject_is_found_by_statistics(cache: Built) -> None:
    """Nothing else of the object is read: it may as well be damaged."""
    rows = "select '{0}' as subject_id, md5('{0}' || range) as text from range(4096)"
    subjects = [str(number) for number in range(100, 120)]
    cache.partitioned(
        "quality_control", "qc", "subject_id", {each: rows.format(each) for each in subjects}
    )
    assert len(biodata_cache.quality_control()) == 20 * 4096
    path = object_of(cache, "quality_control")
    before, content = path.stat(), bytearray(path.read_bytes())
    groups = duckdb.sql(
        f"select data_page_offset, total_compressed_size from parquet_metadata('{path}') "
        "where path_in_schema = 'text' and row_group_id not in (20, 21)"
    ).fetchall()
    assert len(groups) == 38
    for start, size in groups:
        content[start : start + size] = b"\xff" * size
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # as if nobody had touched it
    assert set(biodata_cache.quality_control("110")["subject_id"]) == {"110"}
    assert len(sql("from quality_control where subject_id = '110'")) == 4096
    with pytest.raises(CacheFileError, match=path.name):
        biodata_cache.quality_control("111")


@pytest.mark.parametrize("content", [b"", b"not parquet", None])
def test_a_damaged_object_is_named(cache: Built, content: bytes | None) -> None:
    cache.plain("assets", "select 'x' || range as name from range(100000)")
    path = object_of(cache, "assets")
    if content is None:  # one bit in the middle of a page, which no reader of parquet would see
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
    path.write_bytes(content)
    reads = {
        "function": biodata_cache.assets,
        "sql": lambda: sql("from assets"),
        "connect": connect,
        "relation": lambda: scan("assets").duckdb(),
    }
    for read in reads.values():
        with pytest.raises(CacheFileError, match="is damaged") as caught:
            read()
        assert str(path) in str(caught.value)
        assert "Publish this version again" in str(caught.value)


def test_a_missing_object_is_named(cache: Built) -> None:
    cache.plain("assets", "select 'a' as name")
    path = object_of(cache, "assets")
    path.unlink()
    with pytest.raises(CacheFileError, match=f"{path.name} is missing"):
        biodata_cache.assets()


@pytest.mark.slow
def test_an_object_is_hashed_once_for_all_processes(cache: Built, local: Path) -> None:
    cache.plain("assets", "select 'a' as name")
    path = object_of(cache, "assets")
    count = (
        "import hashlib, biodata_cache._reader.files.verified as v\n"
        "hashed, real = [], v.sha256_of\n"
        "v.sha256_of = lambda path: (hashed.append(path), real(path))[1]\n"
        "import biodata_cache as b\n"
        "b.assets(); b.assets(); b.sql('from assets'); b.connect().close(); b.assets(name='a')\n"
        "print(len(hashed))"
    )
    assert [new_process(count) for _ in range(2)] == ["1", "0"]
    # Whatever is put in its place is looked at again.
    os.utime(path, ns=(1, 1))
    assert new_process(count) == "1"
    (remembered,) = local.iterdir()
    for text in ("{", "[]", '{"x": 1}'):
        remembered.write_text(text)
        assert new_process(count) == "1"


def test_what_is_remembered_does_not_grow_for_ever(cache: Built, local: Path) -> None:
    for number in range(5):
        cache.plain("assets", f"select {number} as n")
        assert biodata_cache.assets()["n"].tolist() == [number]
        object_of(cache, "assets").unlink()
    cache.plain("assets", "select 'last' as n")
    biodata_cache.assets()
    (remembered,) = local.iterdir()
    assert list(json.loads(remembered.read_text())) == [object_of(cache, "assets").name]


def test_nothing_is_remembered_where_that_is_switched_off(
    cache: Built, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIODATA_CACHE_LOCAL_CACHE", "off")
    cache.plain("assets", "select 'a' as name")
    assert len(biodata_cache.assets()) == 1
    assert list(local.iterdir()) == []


def test_a_folder_that_cannot_be_written_keeps_nobody_from_reading(
    cache: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BIODATA_CACHE_LOCAL_CACHE", str(tmp_path / "file" / "below"))
    cache.plain("assets", "select 'a' as name")
    assert len(biodata_cache.assets()) == 1


# Partitions --------------------------------------------------------------------------------------


def test_partitions_of_a_build_and_of_an_older_publisher(qc_cache: Built) -> None:
    result = partitions("quality_control")
    assert result.columns.tolist() == ["subject_id", "rows", "bytes", "sha256"]
    assert result["subject_id"].tolist() == sorted(SUBJECTS)
    assert result["rows"].tolist() == [2] * len(SUBJECTS)
    Published.write_registry(qc_cache)
    listed = partitions("quality_control")
    assert listed["subject_id"].tolist() == sorted(SUBJECTS)
    assert listed[["rows", "bytes", "sha256"]].isna().all().all()
    assert listed.dtypes.equals(result.dtypes)


def test_partitions_of_what_has_none(cache: Built) -> None:
    cache.plain("assets", "select 'a' as name")
    with pytest.raises(ArgumentError, match="assets is one file"):
        partitions("assets")
    with pytest.raises(TableNotFoundError, match="Nearest: 'assets'"):
        partitions("asset")


# Fragments ---------------------------------------------------------------------------------------


def test_a_version_of_which_only_fragments_are_published(qc_cache: Built) -> None:
    Published.write_registry(qc_cache)
    folder = qc_cache.folder / "cache_registry"
    folder.mkdir()
    for entry in qc_cache.entries:
        (folder / f"{entry['name']}.json").write_text(json.dumps(entry))
    (qc_cache.folder / "cache_registry.json").unlink()
    assert biodata_cache.get_cache_registry().names == ["quality_control"]
    assert biodata_cache.quality_control("451")["subject_id"].tolist() == ["451"] * 2
    with pytest.raises(CacheNotFoundError, match="without objects"):
        biodata_cache.changes("quality_control", since=biodata_cache.builds()[0])

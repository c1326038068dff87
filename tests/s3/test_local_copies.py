"""Copies of objects on this machine: what they save, and that nobody is ever given a wrong one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pandas as pd
import pytest

import biodata_cache
from biodata_cache import CacheFileError, connect, custom, raw_to_derived, scan, sql
from biodata_cache._publish.publish import publish
from biodata_cache._storage.disk_cache import LocalCopies

if TYPE_CHECKING:
    from built import Build
    from faults import Proxy
    from server import Server

FAULTS = ["drop", "drop_answer", "503"]
SUBJECTS = {"0451": "1", "451": "2", "a/b c%d=é'": "3", "..": "4"}


@pytest.fixture
def published(build: Build) -> Build:
    publish(build.make(SUBJECTS).settings)
    return build


@pytest.fixture
def seen_by(aws: Server, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Proxy:
    """The proxy that readers go through."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
    return proxy


@pytest.fixture
def shown(shared: Build, seen_by: Proxy) -> Proxy:
    """The proxy, where something is published that tests only read, its counts at zero."""
    seen_by.reset()
    return seen_by


@pytest.fixture
def seen(published: Build, seen_by: Proxy) -> Proxy:
    """The proxy, where something is published, its counts at zero."""
    seen_by.reset()
    return seen_by


def copies() -> list[Path]:
    return sorted(Path(os.environ["BIODATA_CACHE_LOCAL_CACHE"]).glob("*/*.pqt"))


def object_of(table: str) -> str:
    """Name of the object that holds a table."""
    (found,) = biodata_cache.get_cache_registry()[table].objects
    return found.name


def data_requests(proxy: Proxy) -> list[str]:
    return [request.path for request in proxy.requests if request.path.endswith(".pqt")]


def test_what_has_not_changed_is_not_transferred_again(shown: Proxy) -> None:
    reads = [
        biodata_cache.assets,
        biodata_cache.quality_control,
        lambda: biodata_cache.quality_control("0451"),
        lambda: biodata_cache.assets(columns=["name"], modalities="fib"),
        lambda: sql("select name, subject_id from quality_control order by all"),
        lambda: scan("assets").df(),
    ]
    before = [read() for read in reads]
    assert len(copies()) == 2, "an object of each table"
    for read, frame in zip(reads, before, strict=True):
        shown.reset()
        pd.testing.assert_frame_equal(read(), frame)
        assert data_requests(shown) == []
        assert shown.bytes_sent == 0
        assert {request.path.rpartition("/")[2] for request in shown.requests} == {
            "cache_registry.json"
        }


def test_a_publish_is_seen_at_once(published: Build, seen: Proxy) -> None:
    assert set(biodata_cache.assets()["project_name"]) == {"first"}
    assert len(biodata_cache.quality_control()) == len(SUBJECTS)
    changed = {"0451": "new", "451": "2"}
    with pytest.MonkeyPatch.context() as direct:
        direct.setenv("AWS_ENDPOINT_URL", seen.server)
        publish(published.make(changed, assets="second", built_at="2026-01-02T00:00:00Z").settings)
    seen.reset()
    assert set(biodata_cache.assets()["project_name"]) == {"second"}
    values = biodata_cache.quality_control()
    assert dict(zip(values["subject_id"], values["value"], strict=True)) == changed
    assert len(data_requests(seen)) == 2


def test_copies_can_be_switched_off(shown: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", os.environ["BIODATA_CACHE_LOCAL_CACHE"])
    monkeypatch.setenv("BIODATA_CACHE_LOCAL_CACHE", "off")
    for _ in range(2):
        shown.reset()
        assert len(biodata_cache.assets()) == 2
        assert data_requests(shown) != []
    assert not Path(os.environ["HOME"]).exists()


@pytest.mark.parametrize("damage", [b"damaged", None])
def test_a_damaged_copy_is_never_read(shown: Proxy, damage: bytes | None) -> None:
    before = biodata_cache.assets()
    (copy,) = copies()
    content = copy.read_bytes()
    # A byte of the data, so that DuckDB itself would not notice.
    place = content.index(b"first")
    copy.write_bytes(
        content[:place] + b"worst" + content[place + 5 :] if damage is None else damage
    )
    pd.testing.assert_frame_equal(biodata_cache.assets(), before)
    assert copy.read_bytes() == content


def test_a_folder_that_cannot_be_written_keeps_nobody_from_reading(
    shown: Proxy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("BIODATA_CACHE_LOCAL_CACHE", str(tmp_path / "file" / "folder"))
    assert len(biodata_cache.assets()) == 2
    assert len(biodata_cache.quality_control()) == len(SUBJECTS)


def test_the_folder_stays_within_its_limit(shown: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIODATA_CACHE_LOCAL_CACHE_SIZE", "1500")
    for subject in [*SUBJECTS] * 2:
        assert biodata_cache.qc(subject)["value"].tolist() == [SUBJECTS[subject]]
        assert sum(path.stat().st_size for path in copies()) <= 1500
        shown.reset()
        assert len(biodata_cache.qc(subject)) == 1
        assert data_requests(shown) == []
    assert len(biodata_cache.quality_control()) == len(SUBJECTS)
    monkeypatch.setenv("BIODATA_CACHE_LOCAL_CACHE_SIZE", "10")
    assert len(biodata_cache.assets()) == 2


@pytest.mark.slow
def test_processes_share_a_folder_that_is_too_small(
    published: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each removes what the others are about to read."""
    monkeypatch.setenv("BIODATA_CACHE_LOCAL_CACHE_SIZE", "2000")
    code = (
        "import biodata_cache as b, random\n"
        f"subjects = {SUBJECTS!r}\n"
        "for _ in range(25):\n"
        "    subject = random.choice([*subjects])\n"
        "    assert b.qc(subject)['value'].tolist() == [subjects[subject]]\n"
        "    assert len(b.assets()) == 2\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-W", "ignore", "-c", code], stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
    for path in copies():
        assert duckdb.sql(f"from read_parquet('{path}')").fetchall()
    assert not [*copies()[0].parents[1].glob(".unfinished-*")]


@pytest.mark.parametrize("how", ["whole", pytest.param("in parts", marks=pytest.mark.slow)])
def test_a_large_object_is_read_in_parts_until_there_is_a_copy(
    published: Build, seen: Proxy, how: str
) -> None:
    with duckdb.connect(str(published.work / "build.duckdb")) as duck:
        duck.execute(
            "create or replace table assets as select i::varchar as name, md5(i::varchar) as "
            "project_name, [md5((i + 1)::varchar)] as modalities from range(60000) t(i)"
        )
        duck.execute(
            f"copy (from assets) to '{published.area / 'assets.pqt'}' "
            "(format parquet, row_group_size 20000)"
        )
    with pytest.MonkeyPatch.context() as direct:
        direct.setenv("AWS_ENDPOINT_URL", seen.server)
        publish(published.settings)
    size = (published.area / "assets.pqt").stat().st_size
    assert size > 3_000_000
    expected = biodata_cache.assets(columns=["name"])
    assert (len(expected), copies()) == (60_000, [])
    assert seen.bytes_sent < size / 3
    seen.reset()
    assert len(biodata_cache.assets(name="5")) == 1
    assert copies() == []
    assert seen.bytes_sent < size * 0.9
    if how == "whole":
        assert len(biodata_cache.assets()) == 60_000
    else:
        assert len(biodata_cache.assets(name="5")) == 1, "for the third time in parts"
    assert len(copies()) == 1
    seen.reset()
    pd.testing.assert_frame_equal(biodata_cache.assets(columns=["name"]), expected)
    assert seen.bytes_sent == 0


def test_custom_tables_are_copied_by_their_etag(seen: Proxy) -> None:
    custom("mine", pd.DataFrame({"a": ["old"]}))
    for _ in range(2):
        assert custom("mine")["a"].tolist() == ["old"]
    assert len(copies()) == 1
    seen.reset()
    assert custom("mine")["a"].tolist() == ["old"]
    assert [request.method for request in seen.requests] == ["HEAD"]
    custom("mine", pd.DataFrame({"a": ["new"]}))
    assert custom("mine")["a"].tolist() == ["new"]


def test_the_size_of_an_object_is_requested_if_it_is_unknown(
    aws: Server, seen: Proxy, bucket: str
) -> None:
    """An older publisher did not write down what it published."""
    key = "some/prefix/data-asset-cache/bdc-v0.0.1"
    client = aws.client()
    entry = {
        "name": "assets",
        "location": f"s3://{bucket}/{key}/assets.pqt",
        "type": "metadata",
        "columns": [{"name": "text"}],
    }
    registry = json.dumps({"tables": [entry]}).encode()
    client.put_object(Bucket=bucket, Key=f"{key}/cache_registry.json", Body=registry)
    content = pd.DataFrame({"text": [f"{n * 7919 % 10**9:09}" * 8 for n in range(100_000)]})
    with duckdb.connect() as duck:
        duck.from_df(content).create_view("content")
        path = Path(os.environ["BIODATA_CACHE_LOCAL_CACHE"]).parent / "assets.pqt"
        duck.execute(f"copy content to '{path}' (format parquet, compression uncompressed)")
    client.upload_file(str(path), bucket, f"{key}/assets.pqt")
    with pytest.MonkeyPatch.context() as older:
        older.setenv("BIODATA_CACHE_VERSION", "0.0.1")
        seen.reset()
        nothing = biodata_cache.sql("from assets where text = 'x'")  # without looking for spellings
        assert len(nothing) == 0
        assert seen.bytes_sent < 500_000
        assert len(biodata_cache.assets()) == len(content)
        seen.reset()
        nothing = biodata_cache.sql("from assets where text = 'x'")  # without looking for spellings
        assert len(nothing) == 0
        assert {request.method for request in seen.requests if "assets" in request.path} == {"HEAD"}


@pytest.mark.parametrize(
    "fault",
    ["truncate", *(pytest.param(each, marks=pytest.mark.slow) for each in FAULTS)],
)
def test_a_copy_is_whole_whatever_goes_wrong(shown: Proxy, fault: str) -> None:
    at: list[int] = []
    name = object_of("assets")

    def fail(number: int, _: str, path: str) -> str | None:
        if path.endswith(name) and len(at) < 2:
            at.append(number)
            return fault
        return None

    shown.fault = fail
    assert len(biodata_cache.assets()) == 2
    assert len(at) == 2
    assert len(copies()) == 1
    shown.reset()
    assert len(biodata_cache.assets()) == 2
    assert data_requests(shown) == []


def test_connections_and_relations_read_copies(shown: Proxy) -> None:
    with connect() as duck:
        assert len(copies()) == 2, "an object of each table"
        assert duck.sql("select count(*) from quality_control").fetchone() == (len(SUBJECTS),)
        joined = "select count(*) from assets cross join quality_control"
        assert duck.sql(joined).fetchone() == (2 * len(SUBJECTS),)
    rows = scan("quality_control", subject_id="0451").duckdb()
    shown.reset()
    assert rows.select("value").fetchall() == [("1",)]
    assert shown.requests == []


def test_a_connection_opens_one_object_of_many_subjects(build: Build, seen_by: Proxy) -> None:
    publish(build.make({f"{number:03}": str(number) for number in range(40)}).settings)
    seen_by.reset()
    with connect() as duck:
        assert sorted({path.rpartition("/")[2] for path in data_requests(seen_by)}) == sorted(
            [object_of("assets"), object_of("quality_control")]
        )
        seen_by.reset()
        found = duck.sql("select value from quality_control where subject_id = '017'").fetchall()
    assert found == [("17",)]
    assert data_requests(seen_by) == []
    values = sql("select value from quality_control where subject_id in ('003', '004')")
    assert sorted(values["value"]) == ["3", "4"]
    assert len(copies()) == 2


def test_an_object_that_is_gone_is_named_by_its_address(
    aws: Server, published: Build, bucket: str
) -> None:
    name = object_of("assets")
    key = f"some/prefix/data-asset-cache/.objects/{name}"
    aws.client().delete_object(Bucket=bucket, Key=key)
    with pytest.raises(CacheFileError, match=rf"s3://{bucket}/.*{name}.*404"):
        biodata_cache.assets()
    with pytest.raises(CacheFileError, match=rf"s3://{bucket}/.*{name}.*404"):
        connect()
    assert len(biodata_cache.quality_control()) == len(SUBJECTS)


def test_the_copies_used_last_stay(tmp_path: Path) -> None:
    kept = LocalCopies(tmp_path / "copies", limit=35)
    paths = [kept.keep(str(number), bytes([number]) * 10) for number in range(3)]
    for number, path in enumerate(paths):
        assert path is not None
        os.utime(path, ns=(1_000_000_000 + number, 1_000_000_000))
    assert kept.find("0") == paths[0]
    fourth = kept.keep("3", b"3" * 10)
    assert fourth is not None
    kept.shrink([fourth])
    assert [kept.find(str(number)) is not None for number in range(4)] == [True, False, True, True]


def test_what_another_process_left_unfinished_goes(tmp_path: Path) -> None:
    kept = LocalCopies(tmp_path / "copies", limit=10)
    kept.keep("a", b"a")
    old, new = kept.folder / ".unfinished-old", kept.folder / ".unfinished-new"
    for path in (old, new):
        path.write_bytes(b"x" * 100)
    os.utime(old, (0, 0))
    kept.shrink([])
    assert (old.exists(), new.exists()) == (False, True)


def test_a_copy_of_another_process_is_checked_too(tmp_path: Path) -> None:
    path = LocalCopies(tmp_path, limit=100).keep("a", b"content")
    assert path is not None
    assert LocalCopies(tmp_path, limit=100).find("a") == path
    path.write_bytes(b"c0ntent")
    assert LocalCopies(tmp_path, limit=100).find("a") is None
    assert not path.exists()


def test_each_table_is_read_once_for_a_thousand_names(
    build: Build, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"raw_{number}" for number in range(1000)]
    build.make(
        {},
        tables={
            "asset_basics": "select 'raw_' || i as name, i::varchar as _id, ['fib'] as modalities, "
            "'2024-01-31' as _last_modified from range(1000) t(i)",
            "source_data": "select 'derived_' || i as name, 'raw_' || i as source_data, "
            "'' as pipeline_name, '' as processing_time from range(1000) t(i)",
        },
    )
    publish(build.settings)
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
    derived = raw_to_derived(names)
    assert derived == {name: [name.replace("raw", "derived")] for name in names}
    assert sorted(path.rpartition("/")[2] for path in data_requests(proxy)) == sorted(
        [object_of("asset_basics"), object_of("source_data")]
    )

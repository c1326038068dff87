"""Object stores: a folder and S3 answer alike, and faults are tried again, within bounds."""

from __future__ import annotations

import io
import secrets
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from biodata_cache import MissingDependencyError, SourceError
from biodata_cache._storage.open import open_bucket
from extract.objects.foraging_database import copy_database, location_of
from extract.objects.stores import ObjectStore, UnavailableObjectError, folder_store, s3_store

if TYPE_CHECKING:
    from pathlib import Path

    from faults import Proxy
    from server import Server

LONG = b"x" * 1000
CONTENT = {
    "asset/one.json": b"1",
    "asset/seg/a/x.json": b"2",
    "asset/seg/b/c/x.json": b"3",
    "asset/seg/file.json": b"4",
    "asset/seg/\u00e9 +&=%20#/x": b"5",
    "asset/seg/z/x": b"6",
    "asset/segment/x": b"7",
    "asset-2/one.json": b"8",
    "long": LONG,
}


@pytest.fixture(scope="module")
def bucket_of_all(s3: Server) -> str:
    """A bucket that anybody may read."""
    name = f"test-{secrets.token_hex(6)}-public"
    s3.new_bucket(name, readers="*")
    client = s3.client()
    for key, content in CONTENT.items():
        client.put_object(Bucket=name, Key=key, Body=content)
    return name


@pytest.fixture
def stocked(aws: Server, bucket_of_all: str) -> str:
    """The same, in an environment that leads to it."""
    return bucket_of_all


@pytest.fixture
def seen(stocked: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Proxy:
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
    return proxy


@pytest.fixture(params=["folder", "s3", "s3 in small pages"])
def store(request: pytest.FixtureRequest, stocked: str, tmp_path: Path) -> ObjectStore:
    if request.param == "s3":
        return s3_store()
    if request.param == "s3 in small pages":
        return ObjectStore("s3", lambda bucket: [replace(open_bucket(bucket), page=2)])
    for key, content in CONTENT.items():
        path = tmp_path / stocked / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder_store(tmp_path)


def test_folders_are_those_directly_below(store: ObjectStore, stocked: str) -> None:
    assert store.folders(stocked, "asset/seg/") == ["a", "b", "z", "\u00e9 +&=%20#"]
    assert store.folders(stocked, "asset/") == ["seg", "segment"]
    assert store.folders(stocked, "") == ["asset", "asset-2"]
    assert store.folders(stocked, "asset/none/") == []


def test_keys_begin_with_the_prefix(store: ObjectStore, stocked: str) -> None:
    assert store.keys(stocked, "asset/seg") == sorted(key for key in CONTENT if "/seg" in key)
    assert store.keys(stocked, "asset/one.json") == ["asset/one.json"]
    assert store.keys(stocked, "asset/none") == []
    assert store.keys(stocked, "") == sorted(CONTENT)


def test_read_gives_the_bytes(store: ObjectStore, stocked: str) -> None:
    assert CONTENT
    assert {key: store.read(stocked, key) for key in CONTENT} == CONTENT


@pytest.mark.parametrize("key", ["asset/none", "asset/seg", "../bucket/asset/one.json", "a//b"])
def test_missing_objects_say_so(store: ObjectStore, stocked: str, key: str) -> None:
    with pytest.raises(UnavailableObjectError, match="no such object"):
        store.read(stocked, key)


@pytest.mark.parametrize("name", ["none", "..", "", "a b", "../bucket"])
def test_missing_buckets_say_so(store: ObjectStore, name: str) -> None:
    for ask in (store.folders, store.keys):
        with pytest.raises(UnavailableObjectError, match="no such bucket"):
            ask(name, "asset/")


def test_objects_beyond_a_limit_are_refused(store: ObjectStore, stocked: str) -> None:
    with pytest.raises(UnavailableObjectError, match="larger than 0 bytes"):
        store.read(stocked, "asset/one.json", 0)


@pytest.mark.parametrize(
    "fault",
    ["503", "truncate", *(pytest.param(it, marks=pytest.mark.slow) for it in ("500", "drop"))],
)
def test_what_may_pass_is_tried_again(aws: Server, seen: Proxy, stocked: str, fault: str) -> None:
    seen.fault = lambda number, *_: fault if number <= 3 else None
    assert s3_store().read(stocked, "long") == LONG
    assert seen.faults == 3


@pytest.mark.parametrize("fault", ["503", "drop"])
def test_attempts_are_bounded(
    seen: Proxy, stocked: str, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    seen.fault = lambda *_: fault
    with pytest.raises(SourceError, match=f"s3://{stocked}/asset.*run again when"):
        s3_store().keys(stocked, "asset")
    assert len(seen.requests) == 2


def test_a_refusal_is_a_response(seen: Proxy, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a bucket that is not public; no request is sent twice."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(UnavailableObjectError, match="access denied"):
        s3_store().keys(bucket, "asset")
    assert len(seen.requests) == 1


def test_the_foraging_database_may_be_a_prefix_of_a_bucket(
    stocked: str, s3: Server, tmp_path: Path
) -> None:
    content = io.BytesIO()
    pq.write_table(pa.table({"subject_id": ["1", "2"]}), content)
    key = "database/of behavior/trials.parquet"
    s3.client().put_object(Bucket=stocked, Key=key, Body=content.getvalue())
    place = location_of(f"s3://{stocked}/database/of behavior", s3_store)
    problems = copy_database(place, tmp_path)
    assert [
        f"{stocked}/database/of behavior/{name}.parquet in s3" in problem
        for name, problem in zip(("sessions", "events"), problems, strict=True)
    ] == [True] * 2
    lake = tmp_path / "platform_dynamic_foraging_trials"
    assert sum(pq.read_metadata(path).num_rows for path in lake.glob("*.parquet")) == 2
    assert len(copy_database(location_of(f"s3://{stocked}-not", s3_store), tmp_path)) == 3
    assert sum(pq.read_metadata(path).num_rows for path in lake.glob("*.parquet")) == 2, "it stays"


def test_wrong_credentials_do_not_keep_us_out_of_public_buckets(
    stocked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "wrong")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    assert s3_store().read(stocked, "asset/one.json") == b"1"


def test_an_endpoint_is_named_without_its_password(
    aws: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://user:secret@127.0.0.1:1")
    assert s3_store().description == "s3:127.0.0.1:1"


def test_without_boto3_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "biodata_cache._storage.s3_client", None)
    with pytest.raises(MissingDependencyError, match=r"biodata-cache\[s3\]"):
        s3_store()

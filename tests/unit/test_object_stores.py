"""Object stores: a folder and S3 answer alike, and faults are tried again, within bounds."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

import pytest
from fake_s3 import FakeS3, serving

from biodata_cache import MissingDependencyError, SourceError
from extract.objects import stores as objects
from extract.objects.stores import (
    ATTEMPTS,
    FolderStore,
    ObjectStore,
    S3Store,
    UnavailableObjectError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CONTENT = {
    "asset/one.json": b"1",
    "asset/seg/a/x.json": b"2",
    "asset/seg/b/c/x.json": b"3",
    "asset/seg/file.json": b"4",
    "asset/seg/\u00e9 +&=%20#/x": b"5",
    "asset/seg/z/x": b"6",
    "asset/segment/x": b"7",
    "asset-2/one.json": b"8",
}
needs_boto3 = pytest.mark.skipif(
    importlib.util.find_spec("boto3") is None, reason="boto3 is not installed"
)


@pytest.fixture
def server() -> Iterator[FakeS3]:
    with serving() as fake:
        fake.buckets["bucket"] = dict(CONTENT)
        yield fake


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waits: list[float] = []
    monkeypatch.setattr(objects.time, "sleep", waits.append)
    return waits


@pytest.fixture
def make_s3(
    server: FakeS3, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[], S3Store]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return S3Store


@pytest.fixture(params=["folder", pytest.param("s3", marks=needs_boto3)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "s3":
        made: ObjectStore = request.getfixturevalue("make_s3")()
        return made
    for key, content in CONTENT.items():
        path = tmp_path / "bucket" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return FolderStore(tmp_path)


def test_folders_are_those_directly_below(store: ObjectStore) -> None:
    assert store.folders("bucket", "asset/seg/") == ["a", "b", "z", "\u00e9 +&=%20#"]
    assert store.folders("bucket", "asset/") == ["seg", "segment"]
    assert store.folders("bucket", "") == ["asset", "asset-2"]
    assert store.folders("bucket", "asset/none/") == []


def test_keys_begin_with_the_prefix(store: ObjectStore) -> None:
    assert store.keys("bucket", "asset/seg") == sorted(key for key in CONTENT if "/seg" in key)
    assert store.keys("bucket", "asset/one.json") == ["asset/one.json"]
    assert store.keys("bucket", "asset/none") == []
    assert store.keys("bucket", "") == sorted(CONTENT)


def test_read_gives_the_bytes(store: ObjectStore) -> None:
    for key, content in CONTENT.items():
        assert store.read("bucket", key) == content


@pytest.mark.parametrize("key", ["asset/none", "asset/seg", "../bucket/asset/one.json", "a//b"])
def test_missing_objects_say_so(store: ObjectStore, key: str) -> None:
    with pytest.raises(UnavailableObjectError, match="no such object"):
        store.read("bucket", key)


@pytest.mark.parametrize("bucket", ["none", "..", "", "a b", "../bucket"])
def test_missing_buckets_say_so(store: ObjectStore, bucket: str) -> None:
    for ask in (store.folders, store.keys):
        with pytest.raises(UnavailableObjectError, match="no such bucket"):
            ask(bucket, "asset/")


def test_objects_beyond_a_limit_are_refused(store: ObjectStore) -> None:
    with pytest.raises(UnavailableObjectError, match="larger than 0 bytes"):
        store.read("bucket", "asset/one.json", 0)


@needs_boto3
@pytest.mark.parametrize("fault", ["503 SlowDown", "500 InternalError", "drop", "truncate"])
def test_what_may_pass_is_tried_again(
    make_s3: Callable[[], S3Store], server: FakeS3, no_waiting: list[float], fault: str
) -> None:
    store = make_s3()
    server.buckets["bucket"]["long"] = b"x" * 1000
    server.faults = [fault] * 3
    assert store.read("bucket", "long") == b"x" * 1000
    assert len(no_waiting) == 3
    assert no_waiting[0] < no_waiting[2] < 5


@needs_boto3
@pytest.mark.parametrize("fault", ["503 SlowDown", "drop"])
def test_attempts_are_bounded(
    make_s3: Callable[[], S3Store], server: FakeS3, no_waiting: list[float], fault: str
) -> None:
    store = make_s3()
    server.faults = [fault] * 100
    with pytest.raises(SourceError, match=f"s3://bucket/asset.*after {ATTEMPTS} attempts"):
        store.keys("bucket", "asset")
    assert len(server.requests) == ATTEMPTS


@needs_boto3
def test_a_refusal_is_an_answer(
    make_s3: Callable[[], S3Store], server: FakeS3, no_waiting: list[float]
) -> None:
    store = make_s3()
    server.faults = ["403 AccessDenied"]
    with pytest.raises(UnavailableObjectError, match="access denied"):
        store.keys("bucket", "asset")
    assert no_waiting == []


@needs_boto3
def test_wrong_credentials_do_not_keep_us_out_of_public_buckets(
    make_s3: Callable[[], S3Store], server: FakeS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "wrong")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    server.refuse_signed = True
    assert make_s3().read("bucket", "asset/one.json") == b"1"


@needs_boto3
def test_an_endpoint_is_named_without_its_password(
    make_s3: Callable[[], S3Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://user:secret@127.0.0.1:1")
    assert make_s3().description == "s3:127.0.0.1:1"


def test_without_boto3_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(MissingDependencyError, match=r"biodata-cache\[s3\]"):
        S3Store()

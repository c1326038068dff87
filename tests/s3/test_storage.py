"""Every storage answers the same: one set of assertions for a folder, memory and the S3 server."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

import pytest

from biodata_cache import AccessError, CacheFileError, LockedError
from biodata_cache._core.settings.values import load
from biodata_cache._storage.base import Stat
from biodata_cache._storage.lease import HeldLease
from biodata_cache._storage.local import LocalStorage
from biodata_cache._storage.memory import MemoryStorage
from biodata_cache._storage.open import open_storage
from biodata_cache._storage.s3 import S3Storage
from biodata_cache._storage.s3_client import access

if TYPE_CHECKING:
    from pathlib import Path

    from faults import Proxy
    from server import Server

    from biodata_cache._storage.base import Storage


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def put(storage: Storage, path: str, data: bytes) -> str:
    return storage.put(path, data, sha256(data))


@pytest.fixture(params=["folder", "memory", "server"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return LocalStorage(tmp_path / "root", "a/b")
    if request.param == "memory":
        return MemoryStorage()
    return S3Storage(request.getfixturevalue("bucket"), "a/b", access())


def test_what_was_put_is_there(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"from a file")
    tag = put(storage, "x/one", b"1")
    storage.put("x/y/two", tmp_path / "source", sha256(b"from a file"))
    got = storage.get("x/one")
    assert got is not None
    assert (got.content, got.tag) == (b"1", tag)
    assert 0 <= got.age < 60
    assert storage.get("x/one", unless=got) is got
    assert storage.get("x/one", only="another") is None
    assert (storage.get("x/y/two", first=4) or got).content == b"from"
    stat = storage.stat("x/y/two")
    assert stat is not None
    assert stat.size == 11
    assert storage.sha256("x/y/two") == sha256(b"from a file")
    assert storage.holds("x/y/two", stat, tmp_path / "source", sha256(b"from a file"))
    assert not storage.holds("x/y/two", stat, b"from a FILE", sha256(b"from a FILE"))
    assert [path for path, _ in storage.list("x/")] == ["x/one", "x/y/two"]
    assert [path for path, _ in storage.list("x/o")] == ["x/one"]
    assert (storage.folders(""), storage.folders("x/"), storage.folders("none/")) == (
        ["x"],
        ["y"],
        [],
    )
    assert storage.download("x/one", tmp_path / "target", sha256=sha256(b"1"))
    assert (tmp_path / "target").read_bytes() == b"1"
    assert not storage.download("x/one", tmp_path / "other", sha256=sha256(b"2"))
    assert not storage.download("x/one", tmp_path / "other", only="another")
    assert {path.name for path in tmp_path.iterdir()} - {"root"} == {"source", "target"}
    tag = storage.copy("x/one", "z/three")
    assert [stat.tag for _, stat in storage.list("z/")] == [tag]
    storage.delete(["x/one", "never/there"])
    assert [path for path, _ in storage.list("")] == ["x/y/two", "z/three"]
    storage.delete(["x/y/two"])
    assert storage.folders("") == ["z"]


def test_nothing_is_nothing(storage: Storage, tmp_path: Path) -> None:
    put(storage, "folder/file", b"")
    for path in ("none", "folder", "folder/none", "folder/file/below"):
        assert storage.get(path) is None
        assert storage.stat(path) is None
        assert storage.sha256(path) is None
        assert not storage.download(path, tmp_path / "target")
    assert list(storage.list("none")) == []
    assert (storage.get("folder/file", first=10) or storage).content == b""  # type: ignore[union-attr]
    with pytest.raises(CacheFileError):
        storage.copy("none", "target")


def test_other_bytes_than_announced_are_refused(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"changed")
    put(storage, "x", b"before")
    for source in (b"changed", tmp_path / "source"):
        with pytest.raises(CacheFileError, match=r"x was not written: .* after its sha256 was"):
            storage.put("x", source, sha256(b"audited"))
    assert (storage.get("x") or storage).content == b"before"  # type: ignore[union-attr]


def test_conditional_writes(storage: Storage) -> None:
    first = storage.put_if("x", b"1", None)
    assert first is not None
    assert storage.put_if("x", b"2", None) is None
    assert storage.put_if("x", b"1", None) == first, "what is there already counts as written"
    second = storage.put_if("x", b"2", first)
    assert second not in {None, first}
    assert storage.put_if("x", b"3", first) is None
    assert storage.put_if("none", b"3", first) is None
    assert not storage.delete_if("x", first)
    assert storage.delete_if("x", str(second))
    assert storage.delete_if("x", str(second)), "it is gone"


@pytest.mark.parametrize("path", ["", "/x", "x/", "a//b", "..", "a/../../b", "a/./b", "a\0b"])
def test_a_path_is_made_of_single_names(storage: Storage, path: str) -> None:
    with pytest.raises(CacheFileError, match="each part must be a single name"):
        put(storage, path, b"1")
    with pytest.raises(CacheFileError, match="each part must be a single name"):
        storage.put_if(path, b"1", None)
    put(storage, "x", b"1")
    with pytest.raises(CacheFileError, match="each part must be a single name"):
        storage.copy("x", path)
    assert [name for name, _ in storage.list("")] == ["x"]


def test_one_holds_a_lease(storage: Storage) -> None:
    with storage.lease("locks/one", 10, "extract") as lease:
        lease.check()
        with pytest.raises(LockedError, match=r"Another extract to .* is at work"):
            storage.lease("locks/one", 10, "extract").__enter__()
        with storage.lease("locks/two", 10):
            pass
    with storage.lease("locks/one", 10):
        pass


def test_links_in_a_root_lead_nowhere(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"secret")
    storage = LocalStorage(tmp_path / "root", "cache")
    put(storage, "x/file", b"1")
    (storage.home / "x" / "linked").symlink_to(outside)
    for ask in (
        lambda: storage.get("x/linked/file"),
        lambda: storage.stat("x/linked/file"),
        lambda: put(storage, "x/linked/new", b"2"),
        lambda: storage.delete(["x/linked/file"]),
        lambda: storage.copy("x/file", "x/linked/new"),
        lambda: storage.copy("x/linked/file", "x/new"),
        lambda: list(storage.list("x/")),
        lambda: storage.download("x/linked/file", tmp_path / "target"),
    ):
        with pytest.raises(AccessError, match="linked is a link, and is not followed"):
            ask()
    assert [*outside.iterdir()] == [outside / "file"]
    (storage.home / "x" / "linked").unlink()
    (storage.home / "x" / "file").unlink()
    (storage.home / "x" / "file").symlink_to(outside / "file")
    with pytest.raises(AccessError, match="file is a link"):
        storage.get("x/file")
    assert list(storage.list("")) == []
    put(storage, "x/file", b"2")
    assert (outside / "file").read_bytes() == b"secret"
    assert (storage.home / "x" / "file").read_bytes() == b"2"


def test_a_root_may_be_a_link_itself(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "root").symlink_to(tmp_path / "real")
    put(LocalStorage(tmp_path / "root", "cache"), "x", b"1")
    assert (tmp_path / "real" / "cache" / "x").read_bytes() == b"1"
    (tmp_path / "real" / "linked").symlink_to(tmp_path / "real" / "cache")
    with pytest.raises(AccessError, match=r"nothing below .*root may lead elsewhere"):
        put(LocalStorage(tmp_path / "root", "linked"), "x", b"2")


def test_unfinished_writes_are_swept_where_they_would_have_gone(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    for top in ("x", "custom"):
        (tmp_path / f".unfinished-{top}-0123").mkdir()
        (tmp_path / f".unfinished-{top}-0123" / "file").write_bytes(b"part")
    assert list(storage.list("")) == []
    storage.sweep("x/")
    assert [path.name for path in tmp_path.iterdir()] == [".unfinished-custom-0123"]


@pytest.fixture
def bucket_storage(bucket: str) -> S3Storage:
    return S3Storage(bucket, "a/b", access(), part_bytes=5 * 2**20)


def test_a_large_file_goes_in_parts_and_is_known_again(
    bucket_storage: S3Storage, tmp_path: Path
) -> None:
    data = b"0123456789abcdef" * 2**16 * 11
    source = tmp_path / "large"
    source.write_bytes(data)
    tag = bucket_storage.put("large.pqt", source, sha256(data))
    stat = bucket_storage.stat("large.pqt")
    assert stat is not None
    assert (stat.tag, stat.sha256) == (tag, sha256(data))
    assert tag.endswith('-3"')
    assert bucket_storage.holds("large.pqt", Stat(stat.size, tag), source, sha256(data))
    assert bucket_storage.sha256("large.pqt") == sha256(data)
    tag = bucket_storage.copy("large.pqt", "copy.pqt")
    copy = bucket_storage.stat("copy.pqt")
    assert copy is not None
    assert copy.tag == tag
    assert copy.sha256 == sha256(data)


@pytest.mark.parametrize(("more", "parts"), [(-1, None), (0, None), (1, 2)])
def test_a_file_of_the_size_of_a_part_is_one_request(
    bucket_storage: S3Storage, tmp_path: Path, more: int, parts: int | None
) -> None:
    data, source = b"x" * (bucket_storage.part_bytes + more), tmp_path / "large"
    source.write_bytes(data)
    tag = bucket_storage.put("large.pqt", source, sha256(data))
    whole = hashlib.md5(data, usedforsecurity=False).hexdigest()
    assert tag.endswith(f'-{parts}"') if parts else tag == f'"{whole}"'


def test_a_large_file_that_changed_does_not_become_an_object(
    bucket_storage: S3Storage, tmp_path: Path, aws: Server
) -> None:
    source = tmp_path / "large"
    for size in (10 * 2**20, 11 * 2**20):  # at the end of a part, and within one
        source.write_bytes(b"x" * size)
        with pytest.raises(CacheFileError, match=r"large.pqt was not written: .*changed after"):
            bucket_storage.put("large.pqt", source, sha256(b"audited"))
    assert list(bucket_storage.list("")) == []
    uploads = aws.client().list_multipart_uploads(Bucket=bucket_storage.bucket)
    assert not uploads.get("Uploads")


def test_uploads_that_were_never_finished_are_given_up(
    bucket_storage: S3Storage, aws: Server
) -> None:
    client, bucket = aws.client(), bucket_storage.bucket
    for key in ("a/b/x/data.pqt", "a/b/custom/data.pqt"):
        client.create_multipart_upload(Bucket=bucket, Key=key)
    bucket_storage.sweep("x/")
    left = client.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert [upload["Key"] for upload in left] == ["a/b/custom/data.pqt"]


def test_only_objects_named_by_content_are_immutable(
    bucket_storage: S3Storage, aws: Server
) -> None:
    final, public = f"o/{sha256(b'1')}.pqt", "v/data.pqt"
    bucket_storage.put(final, b"1", sha256(b"1"))
    bucket_storage.copy(final, public)
    bucket_storage.copy(public, "v/copy.json")
    heads = [
        aws.client().head_object(Bucket=bucket_storage.bucket, Key=f"a/b/{path}")
        for path in (final, public, "v/copy.json")
    ]
    assert [head["CacheControl"] for head in heads] == [
        "public, max-age=31536000, immutable",
        "no-cache",
        "no-cache",
    ]
    assert [head["ContentType"] for head in heads] == [
        *["application/vnd.apache.parquet"] * 2,
        "application/json",
    ]
    assert {head["Metadata"]["sha256"] for head in heads} == {sha256(b"1")}


def test_a_lease_of_the_dead_is_taken_over_when_it_ends(bucket_storage: S3Storage) -> None:
    dead = HeldLease(bucket_storage, "lock.json", 1.0, "publish")
    dead.acquire()
    dead.abandon()
    with pytest.raises(LockedError, match=r"at work, of .*ends in"):
        bucket_storage.lease("lock.json").__enter__()
    time.sleep(2.1)  # the server counts whole seconds
    with bucket_storage.lease("lock.json") as lease:
        lease.check()
        with pytest.raises(LockedError, match="could not be renewed"):
            dead.check()
        dead.release()
        lease.check()
        with pytest.raises(LockedError):
            bucket_storage.lease("lock.json").__enter__()


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_lease_ends_by_the_clock_of_the_server(
    bucket_storage: S3Storage, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """It is neither taken early nor kept late where this machine's clock is another."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
    proxy.clock = hours * 3600
    storage = S3Storage(bucket_storage.bucket, "a/b", access())
    dead = HeldLease(storage, "lock.json", 1.0, "publish")
    dead.acquire()
    dead.abandon()
    with pytest.raises(LockedError, match=r"ends in [01] s"):
        storage.lease("lock.json").__enter__()
    time.sleep(2.1)  # the server counts whole seconds
    with storage.lease("lock.json") as lease:
        lease.check()


def test_what_cannot_be_removed_is_named(
    bucket_storage: S3Storage, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bucket_storage, "x/data.pqt", b"1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
    proxy.fault = lambda number, method, path: "refuse" if method == "POST" else None
    storage = S3Storage(bucket_storage.bucket, "a/b", access())
    with pytest.raises(CacheFileError, match=r"/a/b/x/data\.pqt cannot be removed \(AccessDenied"):
        storage.delete(["x/data.pqt"])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["memory", "server"])
def test_a_lease_that_is_held_long_is_renewed(bucket_storage: S3Storage, kind: str) -> None:
    storage = MemoryStorage() if kind == "memory" else bucket_storage
    with storage.lease("lock.json", 3.0) as lease:
        time.sleep(5)
        lease.check()
        with pytest.raises(LockedError):
            storage.lease("lock.json").__enter__()


def test_the_requester_pays_with_that_setting(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes | None] = []
    monkeypatch.setenv("BIODATA_CACHE_REQUESTER_PAYS", "yes")
    found = open_storage(load(root=f"s3://{bucket}"))
    assert isinstance(found, S3Storage)
    paying = found.access
    paying.client.meta.events.register(
        "before-send.s3",
        lambda request, **_: seen.append(request.headers.get("x-amz-request-payer")),
    )
    storage = S3Storage(bucket, "", paying)
    put(storage, "x", b"1")
    assert [path for path, _ in storage.list("")] == ["x"]
    assert storage.secret()["requester_pays"] == "true"
    assert set(seen) == {b"requester"}

"""Publishing to S3: what changed and nothing else, in order, under a lock, beside other writers."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit
from urllib.request import urlopen

import pytest
import server as s3_server
from built import Build

from biodata_cache import (
    AccessError,
    AuditError,
    CacheNotFoundError,
    LockedError,
    SettingsError,
    UnreachableError,
)
from biodata_cache._core.layout import LEASE
from biodata_cache._core.registry import document as _document
from biodata_cache._core.settings import values as _settings
from biodata_cache._publish.publish import plan, publish, rollback
from biodata_cache._publish.root_documents import release
from biodata_cache._storage.open import open_storage

if TYPE_CHECKING:
    from pathlib import Path

    from faults import Proxy
    from playwright.sync_api import Browser
    from server import Server

SUBJECTS = {"0451": "1", "451": "2", "a/b c%d=é'": "3", "..": "4", "*[0]?": "5", "": "6"}
HOME = "some/prefix/data-asset-cache"


def objects(server: Server, bucket: str, *, hidden: bool = False) -> dict[str, bytes]:
    """Content of each object, by its path below the version folders' home."""
    client = server.client()
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
    return {
        key.removeprefix(f"{HOME}/"): client.get_object(Bucket=bucket, Key=key)["Body"].read()
        for key in keys
        if hidden or not re.search(r"/\.builds/|/\.objects/|\.lock$|/cache_status\.json$", key)
    }


def test_everything_is_there_with_its_headers(aws: Server, bucket: str, build: Build) -> None:
    report = publish(build.make(SUBJECTS).settings)
    folder = build.area.name
    found = objects(aws, bucket, hidden=True)
    assert json.loads(found["cache_versions.json"]) == [folder]
    registry = _document.parse(found[f"{folder}/cache_registry.json"], "registry")
    assert registry.tables == report.tables
    assert registry.build == report.build
    assert found[f".builds/{folder}/{report.build}.json"] == found[f"{folder}/cache_registry.json"]
    assert registry.tables[0].location == f"s3://{bucket}/{HOME}/{folder}/assets.pqt"
    built = {
        f"{folder}/{path.relative_to(build.area).as_posix()}": path.read_bytes()
        for path in build.area.rglob("*.pqt")
    }
    assert {path: found[path] for path in built} == built
    for entry in registry:
        for each in entry.objects:
            assert hashlib.sha256(found[f".objects/{each.name}"]).hexdigest() == each.sha256
    beside = [path for path in found if ".builds" in path or ".lock" in path]
    assert beside == [f".builds/{folder}/{report.build}.json"], "no lock, no word of a publish"
    client = aws.client()
    for path, kind in (
        ("assets.pqt", "application/vnd.apache.parquet"),
        ("cache_registry.json", "application/json"),
        ("cache_history.json", "application/json"),
        ("index.html", "text/html; charset=utf-8"),
    ):
        head = client.head_object(Bucket=bucket, Key=f"{HOME}/{folder}/{path}")
        assert (head["ContentType"], head["CacheControl"]) == (kind, "no-cache")


def test_only_what_changed_is_uploaded(
    build: Build, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(build.make(SUBJECTS).settings)
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
    again = publish(build.settings)
    assert (again.written, again.removed) == (0, 0)
    written = [it.path for it in proxy.requests if it.method == "PUT" and "lock" not in it.path]
    assert [path.rpartition("/")[2] for path in written] == ["cache_status.json"]
    proxy.reset()
    changed = publish(
        build.make(SUBJECTS | {"451": "new"}, built_at="2026-01-02T00:00:00Z").settings
    )
    assert changed.replaced == [
        "qc/subject_id=451/data.pqt",
        "cache_registry/quality_control.json",
        "cache_registry.json",
        "cache_history.json",
        "index.html",
        "qc.html",
        "biodata_cache.duckdb",
        "datapackage.json",
        "croissant.json",
    ]
    order = [it.path for it in proxy.requests if it.method == "PUT" and "lock" not in it.path]
    objects = [path for path in order if "/.objects/" in path]
    assert order[: len(objects)] == objects, "what a registry names is there before it"
    assert len(objects) == 3, "the table, the list of public files, what the page shows of rows"
    names = [path.rpartition("/")[2] for path in order if "/.objects/" not in path]
    assert names[:4] == ["pending.json", "data.pqt", "quality_control.json", "cache_registry.json"]
    assert names[4] == f"{changed.build}.json"
    assert sorted(names[5:11]) == sorted(changed.replaced[3:])
    assert names[11:] == ["cache_status.json"]


def test_content_that_is_not_what_was_published_is_mended(
    aws: Server, bucket: str, build: Build
) -> None:
    publish(build.make(SUBJECTS).settings)
    before = objects(aws, bucket)
    path = f"{build.area.name}/assets.pqt"
    damaged = before[path][:-1] + b"x"
    aws.client().put_object(Bucket=bucket, Key=f"{HOME}/{path}", Body=damaged)
    assert publish(build.settings).replaced == ["assets.pqt"]
    assert objects(aws, bucket) == before


def test_an_etag_that_is_no_md5_costs_a_request_and_no_upload(
    build: Build, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What S3 does with objects that are encrypted with a key of the owner's."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
    proxy.is_encrypted = True
    publish(build.make(SUBJECTS).settings)
    for full, fewest, most in ((False, 0, 0), (True, len(SUBJECTS), 100)):
        proxy.requests.clear()
        assert publish(build.settings, full=full).written == 0
        requested = [
            it for it in proxy.requests if it.method == "HEAD" and it.path.endswith(".pqt")
        ]
        assert fewest <= len(requested) <= most, "for the hash that is recorded with each"


def test_uploads_that_were_never_finished_are_given_up(
    aws: Server, bucket: str, build: Build
) -> None:
    client = aws.client()
    for key in (f"{HOME}/{build.area.name}/assets.pqt", "somebody/else"):
        client.create_multipart_upload(Bucket=bucket, Key=key)
    publish(build.make(SUBJECTS).settings)
    left = client.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert [upload["Key"] for upload in left] == ["somebody/else"]


def test_subjects_that_are_gone_leave_and_other_objects_stay(
    aws: Server, bucket: str, build: Build
) -> None:
    publish(build.make(SUBJECTS).settings)
    foreign = f"{HOME}/{build.area.name}/notes.txt"
    aws.client().put_object(Bucket=bucket, Key=foreign, Body=b"somebody else's")
    before = objects(aws, bucket).keys()
    report = publish(build.make({"0451": "1"}, built_at="2026-01-02T00:00:00Z").settings)
    assert report.removed == 5
    gone = before - objects(aws, bucket).keys()
    assert len(gone) == 5
    assert all("/qc/subject_id=" in path for path in gone)


def test_the_index_keeps_the_entries_of_other_writers(build: Build) -> None:
    """Twelve versions are released at once; each has read the index before the others wrote."""
    storage = open_storage(build.settings)
    names = [f"bdc-v{number}.0" for number in range(12)]
    threads = [threading.Thread(target=release, args=(storage, name)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = storage.get("cache_versions.json")
    assert found is not None
    assert json.loads(found.content) == _settings.ascending(names)


def test_second_publisher_is_refused_and_the_lock_is_given_back(build: Build) -> None:
    build.make(SUBJECTS)
    storage = open_storage(build.settings)
    with storage.lease(LEASE), pytest.raises(LockedError, match=r"at work, of .*ends in"):
        publish(build.settings)
    publish(build.settings)
    with storage.lease(LEASE), pytest.raises(LockedError, match=r"at work, of .*ends in"):
        rollback(build.settings)


@pytest.mark.slow
def test_a_publish_that_loses_its_lock_while_it_removes_releases_nothing(
    build: Build, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(build.make(SUBJECTS).settings)
    build.make({"451": "2"}, built_at="2026-01-02T00:00:00Z")
    storage = open_storage(build.settings)
    storage.delete(["cache_versions.json"])
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
    lost: list[str] = []

    def fault(number: int, method: str, path: str) -> str | None:
        if method == "POST" and "delete" not in path and not lost:
            lost.append(path)
            time.sleep(3)
        return "drop" if lost and path.endswith(LEASE) and method == "PUT" else None

    proxy.fault = fault
    with pytest.raises(LockedError, match="publish again"):
        publish(build.settings, lease=3.0)
    assert lost, "something was to be removed"
    assert storage.get("cache_versions.json") is None


@pytest.mark.slow
def test_rollback_puts_the_last_builds_back_one_after_the_other(
    aws: Server, bucket: str, build: Build
) -> None:
    builds = [
        {"1": "a", "2": "a", "3": "a"},
        {"1": "b", "2": "a", "4": "a"},
        {"1": "b", "2": "c", "3": "c"},
        {"1": "d", "5": "d"},
    ]
    states = []
    for number, subjects in enumerate(builds):
        publish(build.make(subjects, built_at=f"2026-01-0{number + 1}T00:00:00Z").settings)
        states.append(objects(aws, bucket))
    for state in reversed(states[:-1]):
        rollback(build.settings)
        assert objects(aws, bucket) == state
    with pytest.raises(CacheNotFoundError, match="No earlier build is kept"):
        rollback(build.settings)
    with pytest.raises(AuditError, match=r"rolled back to 20260101T.*--force"):
        publish(build.settings)
    assert objects(aws, bucket) == states[0]
    publish(build.settings, force=True)
    assert publish(build.settings).written == 0
    again, once = objects(aws, bucket), states[-1]
    different = {path for path in again | once if again.get(path) != once.get(path)}
    assert {path.rpartition("/")[2] for path in different} == {"cache_history.json", "index.html"}
    history = json.loads(again[f"{build.area.name}/cache_history.json"])["builds"]
    assert [each["built_at"][:10] for each in history] == ["2026-01-01", "2026-01-04"]


@pytest.mark.slow
def test_builds_are_kept_for_as_long_as_set(
    aws: Server, bucket: str, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIODATA_CACHE_GRACE_HOURS", "0")
    for number in range(1, 4):
        publish(build.make({"1": str(number)}, built_at=f"2026-01-0{number}T00:00:00Z").settings)
        time.sleep(1.1)  # the server counts whole seconds
    kept = [path for path in objects(aws, bucket, hidden=True) if path.startswith(".builds/")]
    days = [path.rpartition("/")[2][:8] for path in kept]
    assert days == ["20260101", "20260102", "20260103"]
    monkeypatch.setenv("BIODATA_CACHE_KEEP_DAYS", "0")
    publish(build.settings)
    found = objects(aws, bucket, hidden=True)
    (live,) = (content for path, content in found.items() if path.startswith(".builds/"))
    registry = _document.parse(live, "registry")
    assert registry.build is not None
    assert registry.build.startswith("20260103")
    named = {each.name for each in registry.objects}
    stored = {path for path in found if path.startswith(".objects/")}
    assert stored == {f".objects/{name}" for name in named}


def test_dry_run_writes_nothing_and_says_what_would_change(
    aws: Server, bucket: str, build: Build
) -> None:
    build.make({"1": "a", "2": "a"})
    assert "assets.pqt" in plan(build.settings).added
    assert objects(aws, bucket, hidden=True) == {}
    publish(build.settings)
    before = objects(aws, bucket, hidden=True)
    report = plan(build.make({"1": "b", "3": "a"}, built_at="2026-01-02T00:00:00Z").settings)
    assert report.added == ["qc/subject_id=3/data.pqt"]
    assert "qc/subject_id=1/data.pqt" in report.replaced
    assert report.gone == ["qc/subject_id=2/data.pqt"]
    assert objects(aws, bucket, hidden=True) == before


def test_a_bucket_that_is_not_there(build: Build) -> None:
    build.make(SUBJECTS)
    build.root = "s3://no-such-bucket"
    with pytest.raises(CacheNotFoundError, match=r"no bucket 'no-such-bucket' at http"):
        publish(build.settings)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("AWS_SECRET_ACCESS_KEY", "wrong", "SignatureDoesNotMatch"),
        ("AWS_ACCESS_KEY_ID", "nobody", "InvalidAccessKeyId"),
    ],
)
def test_wrong_credentials(
    build: Build, monkeypatch: pytest.MonkeyPatch, name: str, value: str, code: str
) -> None:
    build.make(SUBJECTS)
    monkeypatch.setenv(name, value)
    with pytest.raises(AccessError, match=rf"refuses the credentials \({code}\).*AWS_PROFILE"):
        publish(build.settings)


def test_who_may_only_read_gets_an_error_that_says_so(
    aws: Server, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.new_bucket("only-to-be-read", readers=s3_server.READER_KEY)
    build.make(SUBJECTS)
    build.root = "s3://only-to-be-read"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.READER_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.READER_SECRET)
    with pytest.raises(AccessError, match=r"denies PutObject with these rights"):
        publish(build.settings)


def test_without_credentials(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    build.make(SUBJECTS)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(AccessError, match=r"denies \w+ without credentials"):
        publish(build.settings)


def test_nobody_at_the_endpoint(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    build.make(SUBJECTS)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{s3_server.free_port()}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(UnreachableError, match=r"does not answer.*AWS_ENDPOINT_URL"):
        publish(build.settings)


def test_a_profile_that_is_not_there(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    build.make(SUBJECTS)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(SettingsError, match="nobody"):
        publish(build.settings)


def test_a_profile_brings_credentials_region_and_endpoint(
    aws: Server, build: Build, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "no-config").write_text(
        f"[profile mine]\nregion = {s3_server.REGION}\nendpoint_url = {aws.endpoint}\n"
    )
    (tmp_path / "no-credentials").write_text(
        f"[mine]\naws_access_key_id = {s3_server.ROOT_KEY}\n"
        f"aws_secret_access_key = {s3_server.ROOT_SECRET}\n"
    )
    for name in ("ENDPOINT_URL", "REGION", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.delenv(f"AWS_{name}")
    monkeypatch.setenv("AWS_PROFILE", "mine")
    assert publish(build.make(SUBJECTS).settings).written > 6


@pytest.mark.parametrize("root", ["s3://", "s3:///prefix"])
def test_a_root_without_a_bucket(build: Build, root: str) -> None:
    build.make(SUBJECTS)
    build.root = root
    with pytest.raises(SettingsError, match="names no bucket"):
        publish(build.settings)


@pytest.mark.slow
def test_the_page_opens_from_the_bucket(aws: Server, browser: Browser, tmp_path: Path) -> None:
    aws.new_bucket("to-be-looked-at", readers="*")
    build = Build(tmp_path / "work", "s3://to-be-looked-at/some/prefix")
    publish(build.make(SUBJECTS).settings)
    page = browser.new_page()
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    address = f"{aws.endpoint}/to-be-looked-at/{HOME}/{build.area.name}/index.html"
    page.goto(f"{address}#quality_control")
    page.get_by_role("heading", level=1, name="quality_control", exact=True).wait_for()
    page.get_by_text(f"{len(SUBJECTS)} rows", exact=False).first.wait_for()
    home = f"{aws.endpoint}/to-be-looked-at/{HOME}/.objects/"
    pages = {url.partition("#")[0] for url in requested if not url.startswith(("data:", home))}
    assert pages == {address}
    assert any(url.startswith(home) for url in requested), "the rows come from objects"
    code = "\n".join(page.locator(".snippet pre").all_inner_texts())
    assert f'"BIODATA_CACHE_ROOT"] = "{build.root}"' in code
    links = [str(link.get_attribute("href")) for link in page.locator("td a").all()]
    paths = [urlsplit(urljoin(address, link)) for link in links]
    found = [path.geturl() for path in paths if path.path.endswith("/data.pqt")]
    assert len(found) == len(SUBJECTS)
    for url in found:
        with urlopen(url) as answer:
            assert answer.read(4) == b"PAR1"
    page.close()

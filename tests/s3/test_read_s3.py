"""Reading from S3: with credentials and without, only what is needed, and clear errors."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import duckdb
import pandas as pd
import pytest
import server as s3_server

import biodata_cache
from biodata_cache import (
    AccessError,
    ArgumentError,
    CacheFileError,
    CacheNotFoundError,
    CustomNotFoundError,
    MissingDependencyError,
    NotFoundWarning,
    UnreachableError,
    custom,
)
from biodata_cache._publish.publish import publish
from biodata_cache._storage import engine as _engine

if TYPE_CHECKING:
    from built import Build
    from faults import Proxy
    from server import Server

SUBJECTS = {"0451": "1", "451": "2", "a/b c%d=é'": "3", "..": "4", "*[0]?": "5", "": "6"}


@pytest.fixture
def published(build: Build) -> Build:
    publish(build.make(SUBJECTS).settings)
    return build


def without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")


def test_tables_partitions_registry_and_versions(shared: Build) -> None:
    assert biodata_cache.get_cache_versions() == [shared.area.name]
    assert biodata_cache.get_cache_registry()["assets"].row_count == 2
    assets = biodata_cache.assets()
    assert assets["name"].tolist() == ["a", "b"]
    assert [list(each) for each in assets["modalities"]] == [["fib", "SPIM"]] * 2
    for subject, value in SUBJECTS.items():
        rows = biodata_cache.quality_control(subject)
        assert rows[["subject_id", "value"]].to_numpy().tolist() == [[subject, value]]
    assert sorted(biodata_cache.quality_control()["subject_id"]) == sorted(SUBJECTS)
    with pytest.warns(NotFoundWarning, match="'00451'.*Nearest: '0451'"):
        assert len(biodata_cache.quality_control("00451")) == 0


def test_threads_read_at_once(shared: Build) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(biodata_cache.quality_control, [*SUBJECTS] * 8))
    assert [frame["value"].tolist() for frame in found] == [[v] for v in SUBJECTS.values()] * 8


def test_a_public_bucket_is_read_without_credentials(
    aws: Server, published: Build, monkeypatch: pytest.MonkeyPatch, bucket: str
) -> None:
    with pytest.MonkeyPatch.context() as anonymous:
        without_credentials(anonymous)
        with pytest.raises(AccessError, match="denies GetObject without credentials"):
            biodata_cache.assets()
    aws.new_bucket(f"{bucket}-public", readers="*")
    published.root = f"s3://{bucket}-public"
    publish(published.settings)
    monkeypatch.setenv("BIODATA_CACHE_ROOT", published.root)
    without_credentials(monkeypatch)
    assert len(biodata_cache.assets()) == 2
    with pytest.raises(AccessError, match="denies PutObject without credentials"):
        custom("mine", pd.DataFrame({"a": [1]}))


def test_a_user_who_may_read(
    aws: Server, published: Build, monkeypatch: pytest.MonkeyPatch, bucket: str
) -> None:
    aws.new_bucket(f"{bucket}-shared", readers=s3_server.READER_KEY)
    published.root = f"s3://{bucket}-shared"
    publish(published.settings)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.READER_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.READER_SECRET)
    with pytest.raises(AccessError, match="denies GetObject with these rights"):
        biodata_cache.assets()
    monkeypatch.setenv("BIODATA_CACHE_ROOT", published.root)
    assert len(biodata_cache.assets()) == 2
    with pytest.raises(AccessError, match="denies PutObject"):
        custom("mine", pd.DataFrame({"a": [1]}))


@pytest.mark.parametrize("name", ["AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"])
def test_wrong_credentials(shared: Build, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "wrong")
    with pytest.raises(AccessError, match="refuses the credentials") as caught:
        biodata_cache.assets()
    assert isinstance(caught.value, PermissionError)
    assert s3_server.ROOT_SECRET not in str(caught.value)


def test_a_bucket_that_is_not_there(shared: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIODATA_CACHE_ROOT", "s3://no-such-bucket")
    for read in (biodata_cache.assets, biodata_cache.get_cache_versions, lambda: custom("mine")):
        with pytest.raises(CacheNotFoundError, match=r"no bucket 'no-such-bucket' at http"):
            read()


def test_a_prefix_and_a_version_that_are_not_there(
    published: Build, monkeypatch: pytest.MonkeyPatch, bucket: str
) -> None:
    monkeypatch.setenv("BIODATA_CACHE_VERSION", "9.9")
    with pytest.raises(CacheNotFoundError, match=f"no bdc-v9.9.*It has {published.area.name}"):
        biodata_cache.assets()
    monkeypatch.setenv("BIODATA_CACHE_ROOT", f"s3://{bucket}/nothing")
    with pytest.raises(CacheNotFoundError, match="no published cache"):
        biodata_cache.assets()
    assert biodata_cache.get_cache_versions() == []


def test_a_file_that_is_gone_or_damaged(aws: Server, published: Build, bucket: str) -> None:
    (entry,) = biodata_cache.get_cache_registry()["assets"].objects
    key = f"some/prefix/data-asset-cache/.objects/{entry.name}"
    for damage in (b"damaged" * 1000, b"damaged"):
        aws.client().put_object(Bucket=bucket, Key=key, Body=damage)
        with pytest.raises(CacheFileError, match=rf"{entry.name} is damaged"):
            biodata_cache.assets()
    aws.client().delete_object(Bucket=bucket, Key=key)
    with pytest.raises(CacheFileError, match=rf"{entry.name}.*404"):
        biodata_cache.assets()


def test_nobody_at_the_endpoint(shared: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{s3_server.free_port()}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(UnreachableError, match=r"does not answer.*AWS_ENDPOINT_URL"):
        biodata_cache.assets()


def test_the_registry_is_transferred_once_and_then_revalidated(
    published: Build, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
    biodata_cache.assets()
    proxy.reset()
    biodata_cache.assets()
    registry = [request for request in proxy.requests if request.path.endswith(".json")]
    assert [request.sent for request in registry] == [0]
    publish(published.make({"1": "1"}, assets="second", built_at="2026-01-02T00:00:00Z").settings)
    assert set(biodata_cache.assets()["project_name"]) == {"second"}
    assert biodata_cache.get_cache_registry()["quality_control"].partition_count == 1


def test_only_the_selected_columns_are_transferred(
    published: Build, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    with duckdb.connect(str(published.work / "build.duckdb")) as duck:
        duck.execute(
            "create or replace table assets as select i::varchar as name, md5(i::varchar) as "
            "project_name, [md5((i + 1)::varchar), md5((i + 2)::varchar)] as modalities "
            "from range(200000) t(i)"
        )
        duck.execute(
            f"copy (from assets) to '{published.area / 'assets.pqt'}' "
            "(format parquet, row_group_size 50000)"
        )
    publish(published.settings)
    content = (published.area / "assets.pqt").read_bytes()
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
    assert len(biodata_cache.assets()) == 200_000
    assert proxy.bytes_sent > len(content)
    proxy.reset()
    names = biodata_cache.assets(columns=["name"])
    assert names.columns.tolist() == ["name"]
    assert len(names) == 200_000
    assert proxy.bytes_sent < len(content) / 5
    with pytest.raises(ArgumentError, match="no column 'nope'"):
        biodata_cache.assets(columns=["nope"])


def test_custom_tables_on_s3(aws: Server, published: Build, bucket: str) -> None:
    frame = pd.DataFrame(
        {
            "text": ["2024-01-31 08:50:58-08:00", "é\n", None],
            "tags": [["b", "a"], [], None],
            "when": pd.to_datetime(["2024-01-31T08:50:58.123456Z"] * 3).tz_convert(
                "America/Los_Angeles"
            ),
        }
    )
    with pytest.raises(CustomNotFoundError, match="There is none"):
        custom("mine")
    custom("mine", frame)
    pd.testing.assert_frame_equal(custom("mine"), frame)
    custom("mine", frame[:1])
    pd.testing.assert_frame_equal(custom("mine"), frame[:1])
    with pytest.raises(CustomNotFoundError, match="There is mine"):
        custom("other")
    head = aws.client().head_object(
        Bucket=bucket, Key="some/prefix/data-asset-cache/custom/mine.pqt"
    )
    assert head["ContentType"] == "application/vnd.apache.parquet"


def test_a_custom_table_is_old_or_new_while_it_is_written(published: Build) -> None:
    frames = [pd.DataFrame({"a": [value] * 50_000}) for value in ("old", "new")]
    custom("mine", frames[0])
    done = threading.Event()

    def write() -> None:
        for number in range(10):
            custom("mine", frames[number % 2])
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while not done.is_set():
        found = custom("mine")
        assert len(found) == 50_000
        (value,) = found["a"].unique()
        seen.add(value)
    writer.join()
    assert seen


def test_without_the_wheel_of_the_extension_duckdb_installs_it(
    shared: Build, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb_extension_httpfs", None)  # as if not installed
    engine = duckdb.connect(
        config={
            "extension_directory": str(tmp_path),
            "custom_extension_repository": f"http://127.0.0.1:{s3_server.free_port()}",
        }
    )
    with pytest.raises(MissingDependencyError, match=r"no extension httpfs.*'biodata-cache\[s3\]'"):
        _engine.load_httpfs(engine)


def test_the_region_of_the_bucket_is_looked_up(
    shared: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    assert len(biodata_cache.assets()) == 2


def test_a_process_that_forks_reads_on(shared: Build) -> None:
    """The child must not use the database of its parent, whose threads it does not have."""
    code = (
        "import os, biodata_cache as b\n"
        "assert len(b.assets()) == 2\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os._exit(0 if len(b.assets()) == 2 else 1)\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], env=os.environ, timeout=60, check=False
    )
    assert done.returncode == 0

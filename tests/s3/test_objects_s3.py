"""The objects of the sample, probed on a real S3 server and in a folder alike."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
import server as s3_server

from extract.lake.lake import Lake
from extract.lake.state import paths_of
from extract.objects import foraging, probes
from extract.objects import object_tables as answers
from extract.objects.stores import UnavailableObjectError, folder_store, s3_store
from extract.pipeline import extract
from extract.sample import generator as sample
from extract.sources.open import open_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from server import Server

SECRET = "aind-secret-data"


@pytest.fixture(scope="module")
def stocked(s3: Server) -> Iterator[Server]:
    """A server that holds the sample's objects, in buckets that anybody may read."""
    client = s3.client()
    known: set[str] = set()
    for bucket, key, content in sample.objects():
        if bucket not in known:
            s3.new_bucket(bucket, readers="*")
            known.add(bucket)
        client.put_object(Bucket=bucket, Key=key, Body=content)
    s3.new_bucket(SECRET)
    client.put_object(Bucket=SECRET, Key="asset/file.json", Body=b"{}")
    yield s3
    for bucket in (*known, SECRET):
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for page in pages:
            for entry in page.get("Contents", ()):
                client.delete_object(Bucket=bucket, Key=entry["Key"])
        client.delete_bucket(Bucket=bucket)


def _answers(raw: Path) -> dict[str, list[tuple[Any, ...]]]:
    return {
        kind: duckdb.execute(
            "select location, key, content, problem from read_parquet(?) order by all",
            [str(raw / f"objects_{kind}/*.parquet")],
        ).fetchall()
        for kind in probes.KINDS
    }


@pytest.mark.parametrize("is_signed", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_server_behaves_as_a_folder_does(
    stocked: Server,
    aws: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_signed: bool,  # noqa: FBT001
) -> None:
    if not is_signed:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    probes.write_objects(tmp_path / "buckets", sample.objects())
    extract(open_source("sample"), tmp_path / "raw")
    found = {}
    for name, store in (
        ("server", s3_store()),
        ("folder", folder_store(tmp_path / "buckets")),
    ):
        raw = shutil.copytree(tmp_path / "raw", tmp_path / name)
        with answers.locked(raw):
            report = probes.send(store, raw, paths_of(Lake(raw, "docdb_v2").files()))
            sessions, missing = foraging.copy_sessions(store, raw)
        assert sum(report.found.values()) > 20
        counts = (report.asked, report.found, report.problems)
        found[name] = (_answers(raw), *counts, sessions, missing)
    assert found["server"] == found["folder"]
    assert found["server"][4], "the frame of sessions was read"


def test_a_bucket_of_somebody_else_is_a_response(
    stocked: Server, aws: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.READER_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.READER_SECRET)
    store = s3_store()
    with pytest.raises(UnavailableObjectError, match="access denied"):
        store.read(SECRET, "asset/file.json")
    with pytest.raises(UnavailableObjectError, match="access denied"):
        store.keys(SECRET, "asset/")
    with pytest.raises(UnavailableObjectError, match="no such bucket"):
        store.keys("aind-no-such-bucket", "asset/")

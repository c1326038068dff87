"""Reading from a server whose certificate comes from an authority of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
import server as s3_server
import trustme
from built import Build

import biodata_cache
from biodata_cache import CacheError
from biodata_cache._publish.publish import publish

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from server import Server


@pytest.fixture
def secure(aws: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """A published cache behind HTTPS, whose authority only `AWS_CA_BUNDLE` names."""
    authority = trustme.CA()
    bundle, certificate, key = (tmp_path / f"{name}.pem" for name in ("ca", "certificate", "key"))
    authority.cert_pem.write_to_path(str(bundle))
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(str(key))
    for blob in issued.cert_chain_pems:
        blob.write_to_path(str(certificate), append=True)
    running = s3_server.start_with_tls(certificate, key)
    try:
        monkeypatch.setenv("AWS_ENDPOINT_URL", running.endpoint)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
        monkeypatch.setenv("BIODATA_CACHE_LOCAL_CACHE", "off")  # DuckDB itself asks the server
        boto3.client("s3").create_bucket(
            Bucket="secure",
            CreateBucketConfiguration={"LocationConstraint": s3_server.REGION},
        )
        monkeypatch.setenv("BIODATA_CACHE_ROOT", "s3://secure/cache")
        build = Build(tmp_path / "work", "s3://secure/cache")
        publish(build.make({"451": "1"}).settings)
        yield build
    finally:
        running.stop()


def test_tables_are_read_with_the_bundle_of_aws(secure: Build) -> None:
    assert biodata_cache.get_cache_versions() == [secure.area.name]
    assert biodata_cache.assets()["name"].tolist() == ["a", "b"]
    assert biodata_cache.quality_control("451")["value"].tolist() == ["1"]


def test_without_the_bundle_nothing_is_read(secure: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE")
    with pytest.raises(CacheError):
        biodata_cache.assets()

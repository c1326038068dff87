"""Fixtures of the tests that talk to a real S3 server."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

import pytest
import server as s3_server
from built import Build
from faults import proxy_before

from biodata_cache._core.settings.parsers import system_cache
from biodata_cache._publish.publish import publish

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from faults import Proxy
    from server import Server


@pytest.fixture(scope="session")
def s3() -> Iterator[Server]:
    reason = s3_server.reason_for_none()
    if reason is not None:
        pytest.skip(reason)
    running = s3_server.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def session_proxy(s3: Server) -> Iterator[Proxy]:
    with proxy_before(s3.endpoint) as proxy:
        yield proxy


@pytest.fixture
def proxy(session_proxy: Proxy) -> Proxy:
    session_proxy.reset()
    return session_proxy


@pytest.fixture
def aws(s3: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Server:
    """The environment of somebody who owns the server, and nothing of this machine's."""
    _become_owner(s3, monkeypatch, tmp_path)
    return s3


def _become_owner(s3: Server, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("AWS_", "BIODATA_CACHE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("BIODATA_CACHE_LOCAL_CACHE", str(folder / "copies"))
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def parsed_once(aws: Server, tmp_path: Path) -> None:
    """dbt need not parse for each test: of the user's own cache, a test has what it has parsed."""
    folder = system_cache()
    assert folder is not None
    parsed = folder / "biodata-cache/copies/parsed"
    parsed.mkdir(parents=True, exist_ok=True)
    (tmp_path / "copies").mkdir()
    (tmp_path / "copies/parsed").symlink_to(parsed)


@pytest.fixture
def bucket(aws: Server) -> str:
    name = f"test-{secrets.token_hex(6)}"
    aws.new_bucket(name)
    return name


@pytest.fixture
def build(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """A work folder whose root, and that of readers, is below a prefix of a bucket of its own."""
    root = f"s3://{bucket}/some/prefix"
    monkeypatch.setenv("BIODATA_CACHE_ROOT", root)
    return Build(tmp_path / "work", root)


@pytest.fixture(scope="module")
def published_once(
    s3: Server, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Build:
    """A published build of the module's `SUBJECTS`."""
    folder, name = tmp_path_factory.mktemp("once"), f"once-{secrets.token_hex(6)}"
    s3.new_bucket(name)
    build = Build(folder / "work", f"s3://{name}/some/prefix")
    with pytest.MonkeyPatch.context() as owner:
        _become_owner(s3, owner, folder)
        publish(build.make(request.module.SUBJECTS).settings)
    return build


@pytest.fixture
def shared(aws: Server, published_once: Build, monkeypatch: pytest.MonkeyPatch) -> Build:
    """What is published once for the tests of a module, which only read it."""
    monkeypatch.setenv("BIODATA_CACHE_ROOT", published_once.root)
    return published_once

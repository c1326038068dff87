"""Credentials of a role, which machines in the cloud get from a server beside them."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import server as s3_server

import biodata_cache
from biodata_cache._publish.publish import publish
from extract.objects.stores import s3_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from built import Build
    from server import Server


class _Roles(ThreadingHTTPServer):
    """Hands out the keys of the server of the tests: to containers, and to instances."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requested: list[str] = []
        self.lifetime = timedelta(hours=6)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: _Roles

    def do_GET(self) -> None:
        self.server.requested.append(self.path)
        ends = datetime.now(timezone.utc) + self.server.lifetime
        keys: dict[str, Any] = {
            "Code": "Success",
            "AccessKeyId": s3_server.ROOT_KEY,
            "SecretAccessKey": s3_server.ROOT_SECRET,
            "Token": "",
            "Expiration": f"{ends:%Y-%m-%dT%H:%M:%SZ}",
        }
        self._send("nightly" if self.path.endswith("/security-credentials/") else json.dumps(keys))

    def do_PUT(self) -> None:
        self._send("token-of-the-metadata-service")

    def _send(self, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def _serving() -> Iterator[_Roles]:
    roles = _Roles()
    thread = threading.Thread(target=roles.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield roles
    finally:
        roles.shutdown()
        roles.server_close()
        thread.join()


@pytest.mark.parametrize("kind", ["container", "instance"])
def test_a_role_publishes_reads_and_probes(
    aws: Server, build: Build, bucket: str, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with _serving() as roles:
        if kind == "container":
            monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{roles.url}/keys")
        else:
            monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "false")
            monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", roles.url)
        publish(build.make({"451": "1"}).settings)
        assert biodata_cache.quality_control("451")["value"].to_list() == ["1"]
        assert s3_store().keys(bucket, "some/prefix/data-asset-cache/cache_versions") == [
            "some/prefix/data-asset-cache/cache_versions.json"
        ]
        assert roles.requested


def test_keys_that_expire_soon_are_requested_again(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with _serving() as roles:
        roles.lifetime = timedelta(minutes=5)  # within which boto3 looks for new ones
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{roles.url}/keys")
        publish(build.make({"451": "1"}).settings)
        requested = len(roles.requested)
        assert biodata_cache.quality_control("451")["value"].to_list() == ["1"]
        assert len(roles.requested) > requested

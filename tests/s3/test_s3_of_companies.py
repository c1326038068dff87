"""S3 as companies have it: behind a proxy, which alone knows the server, and buckets with dots."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
import pytest
import server as s3_server
import trustme
from built import Build
from click.testing import CliRunner

import biodata_cache
from biodata_cache import CacheError
from biodata_cache._cli import cli

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from server import Server

NAME = "storage.company.invalid"  # no name server knows it
BUCKET = "data.of.the.company"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")


class Forward(ThreadingHTTPServer):
    """A proxy that passes on to one server what is asked of its name, and notes who asked."""

    daemon_threads = True

    def __init__(self, target: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = target
        self.agents: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has enough closes."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits for an acknowledgement, 40 ms
    server: Forward

    def log_message(self, *args: object) -> None:
        pass

    def _pass_on(self) -> None:
        place = urlsplit(self.path)
        assert place.hostname == NAME
        self.server.agents.append(self.headers.get("User-Agent", ""))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.target, timeout=30)
        path = place._replace(scheme="", netloc="").geturl()
        upstream.putrequest(self.command, path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in {"expect", "connection", "proxy-connection"}:
                upstream.putheader(name, value)
        upstream.endheaders(body)
        answer = upstream.getresponse()
        content = answer.read()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"connection", "transfer-encoding", "content-length"}:
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        upstream.close()

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass_on  # noqa: N815

    def do_CONNECT(self) -> None:
        assert self.path.partition(":")[0] == NAME
        self.server.agents.append(self.headers.get("User-Agent", ""))
        upstream = socket.create_connection(("127.0.0.1", self.server.target))
        self.send_response_only(200)
        self.end_headers()
        back = threading.Thread(target=_pump, args=(upstream, self.connection), daemon=True)
        back.start()
        _pump(self.connection, upstream)
        back.join()
        upstream.close()
        self.close_connection = True


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while chunk := source.recv(65536):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@contextmanager
def _forwarding(target: int) -> Iterator[Forward]:
    forward = Forward(target)
    threading.Thread(target=forward.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield forward
    finally:
        forward.shutdown()
        forward.server_close()


@pytest.fixture
def secure(tmp_path: Path, aws: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that speaks HTTPS under its name, whose authority only `AWS_CA_BUNDLE` names."""
    authority = trustme.CA()
    bundle, certificate, key = (tmp_path / f"{name}.pem" for name in ("ca", "certificate", "key"))
    authority.cert_pem.write_to_path(str(bundle))
    issued = authority.issue_cert(NAME)
    issued.private_key_pem.write_to_path(str(key))
    for blob in issued.cert_chain_pems:
        blob.write_to_path(str(certificate), append=True)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    running = s3_server.start_with_tls(certificate, key)
    yield running
    running.stop()


def _use(build: Build, monkeypatch: pytest.MonkeyPatch, raw: str) -> None:
    """Extract to a lake there, publish, look, read by every way, keep a table, put back."""
    records = build.work.with_name("records.jsonl")
    records.write_text('{"_id": "a", "name": "a"}\n')
    run = CliRunner()
    lake = ["--source", str(records), "--raw", raw, "--objects", "none", "--work", str(build.work)]
    for _ in range(2):
        done = run.invoke(cli, ["extract", *lake])
        assert done.exit_code == 0, done.stderr
    for day, value in ((1, "first"), (2, "second")):
        build.make({"451": value, "452": value}, built_at=f"2026-01-0{day}T00:00:00Z")
        done = run.invoke(cli, ["publish", "--root", build.root, "--work", str(build.work)])
        assert done.exit_code == 0, done.stderr
    monkeypatch.setenv("BIODATA_CACHE_ROOT", build.root)
    for kept in ("off", str(build.work.with_name("copies"))):  # DuckDB itself asks, and boto3
        monkeypatch.setenv("BIODATA_CACHE_LOCAL_CACHE", kept)
        assert biodata_cache.assets()["name"].tolist() == ["a", "b"]
        assert biodata_cache.quality_control("451")["value"].tolist() == ["second"]
        counted = biodata_cache.sql("select count(*) as number from quality_control, assets")
        assert counted["number"].tolist() == [4]
    for command in ("status", "versions", "doctor"):
        done = run.invoke(cli, [command, "--root", build.root, "--json"])
        found = json.loads(done.stdout)
        if command != "doctor":  # which looks at more than the root
            assert done.exit_code == 0, found
    done = run.invoke(cli, ["rollback", "--root", build.root, "--work", str(build.work)])
    assert done.exit_code == 0, done.stderr
    assert biodata_cache.quality_control("451")["value"].tolist() == ["first"]


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_bucket_with_dots_behind_a_proxy(
    request: pytest.FixtureRequest,
    aws: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
) -> None:
    """The name of the server is known to the proxy alone, so that nothing goes another way."""
    server: Server = request.getfixturevalue("secure") if scheme == "https" else aws
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"{scheme}://{NAME}:{server.port}")
    bucket = f"{BUCKET}.{scheme}"
    with _forwarding(server.port) as forward:
        monkeypatch.setenv(f"{scheme}_proxy", forward.address)
        place = {"LocationConstraint": s3_server.REGION}
        boto3.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
        root = f"s3://{bucket}/some/cache"
        _use(Build(tmp_path / "work", root), monkeypatch, f"s3://{bucket}/lake")
        agents = " ".join(forward.agents).lower()
        assert "biodata-cache" in agents or scheme == "https"
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(CacheError, match="does not answer"):  # the proxy has gone
        biodata_cache.Cache(root=root).tables()


def test_a_bucket_with_dots(aws: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aws.new_bucket(BUCKET)
    _use(Build(tmp_path / "work", f"s3://{BUCKET}"), monkeypatch, f"s3://{BUCKET}/lake")

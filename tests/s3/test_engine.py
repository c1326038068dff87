"""DuckDB goes through the proxy that the environment names, as boto3 does."""

from __future__ import annotations

import base64
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import duckdb
import pytest

from biodata_cache._storage import engine
from biodata_cache._storage.s3 import S3Storage
from biodata_cache._storage.s3_client import access

if TYPE_CHECKING:
    from collections.abc import Iterator

    from server import Server

SERVER = "nowhere.invalid"


class _Proxy(ThreadingHTTPServer):
    """Responds to nothing, and records the requests with user name and password."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requested: list[tuple[str, str | None]] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Proxy

    def do_GET(self) -> None:
        self.server.requested.append((self.path, self.headers.get("Proxy-Authorization")))
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_CONNECT = do_GET  # noqa: N815

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def _serving() -> Iterator[_Proxy]:
    proxy = _Proxy()
    thread = threading.Thread(target=proxy.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("is_excepted", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_the_proxy_of_the_environment_is_used(
    aws: Server,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
    is_excepted: bool,  # noqa: FBT001
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"{scheme}://{SERVER}:9000")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with _serving() as proxy:
        address = f"http://me:p%40ss@127.0.0.1:{proxy.server_address[1]}"
        monkeypatch.setenv(f"{scheme}_proxy", address)
        monkeypatch.setenv("no_proxy", SERVER if is_excepted else "another.invalid")
        storage = S3Storage("bucket", "", access())
        storage.access.regions["bucket"] = "us-east-1"
        with engine.connect(storage, ["s3://bucket/x.pqt"]) as duck:
            duck.execute("set http_retries = 0")
            with pytest.raises(duckdb.Error):
                duck.execute("from read_parquet('s3://bucket/x.pqt')")
        expected = "Basic " + base64.b64encode(b"me:p@ss").decode()
        assert all(SERVER in path and known == expected for path, known in proxy.requested), (
            proxy.requested
        )
        assert bool(proxy.requested) is not is_excepted

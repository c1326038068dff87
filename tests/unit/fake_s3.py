"""As much of S3 as the object store asks for, on loopback, with faults on demand."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = 3
ERROR = "<Error><Code>{}</Code></Error>"


class FakeS3(ThreadingHTTPServer):
    """Objects by bucket and key; the next answers can be made to fail."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.buckets: dict[str, dict[str, bytes]] = {}
        self.faults: list[str] = []  # taken one by one: a status and code, `drop` or `truncate`
        self.refuse_signed = False
        self.requests: list[str] = []
        self.busy = 0
        self.busiest = 0
        self.latency = threading.Event()
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeS3

    def do_GET(self) -> None:
        with self.server.lock:
            self.server.requests.append(self.path)
            self.server.busy += 1
            self.server.busiest = max(self.server.busiest, self.server.busy)
            fault = self.server.faults.pop(0) if self.server.faults else ""
        try:
            self._serve(fault)
        finally:
            with self.server.lock:
                self.server.busy -= 1

    def _serve(self, fault: str) -> None:
        if fault == "drop":
            self.close_connection = True
            return
        if fault == "slow":
            self.server.latency.wait(0.05)
        if fault[:1].isdigit():
            status, code = fault.split()
            self._send(int(status), ERROR.format(code).encode())
            return
        if self.server.refuse_signed and "Authorization" in self.headers:
            self._send(403, ERROR.format("InvalidAccessKeyId").encode())
            return
        parts = urlsplit(self.path)
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        objects = self.server.buckets.get(bucket)
        if objects is None:
            self._send(404, ERROR.format("NoSuchBucket").encode())
        elif key:
            if key in objects:
                self._send(200, objects[key], truncate=fault == "truncate")
            else:
                self._send(404, ERROR.format("NoSuchKey").encode())
        else:
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self._send(200, _listing(objects, query).encode())

    def _send(self, status: int, body: bytes, *, truncate: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if truncate else body)
        if truncate:
            self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass


def _listing(objects: dict[str, bytes], query: dict[str, str]) -> str:
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    names: list[tuple[str, str]] = []
    for key in sorted(objects):
        if not key.startswith(prefix):
            continue
        rest = key[len(prefix) :]
        if delimiter and delimiter in rest:
            name = ("folder", prefix + rest.split(delimiter)[0] + delimiter)
        else:
            name = ("key", key)
        if name not in names:
            names.append(name)
    start = int(query.get("continuation-token", 0))
    page = names[start : start + PAGE]
    more = start + PAGE < len(names)
    parts = [
        f"<CommonPrefixes><Prefix>{escape(quote(name))}</Prefix></CommonPrefixes>"
        if kind == "folder"
        else f"<Contents><Key>{escape(quote(name))}</Key></Contents>"
        for kind, name in page
    ]
    token = f"<NextContinuationToken>{start + PAGE}</NextContinuationToken>" if more else ""
    return (
        '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<EncodingType>url</EncodingType><IsTruncated>{str(more).lower()}</IsTruncated>{token}"
        + "".join(parts)
        + "</ListBucketResult>"
    )


@contextmanager
def serving() -> Iterator[FakeS3]:
    server = FakeS3()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

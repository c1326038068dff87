"""A proxy before the S3 server that counts requests and goes wrong where a test wants it to."""

from __future__ import annotations

import http.client
import re
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SLOW_DOWN = b"""<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>%s</Code><Message>Please reduce your request rate.</Message></Error>"""
REFUSED = b"""<?xml version="1.0" encoding="UTF-8"?>
<DeleteResult><Error><Key>%s</Key><Code>AccessDenied</Code>
<Message>Access Denied</Message></Error></DeleteResult>"""


PAGE = b"""<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult><IsTruncated>true</IsTruncated>
<NextContinuationToken>%d</NextContinuationToken><Contents><Key>%s%d</Key><Size>1</Size>
<ETag>"0"</ETag></Contents></ListBucketResult>"""


_ODD = ["", "abc", "-1", "9" * 30, '"', "Thu, 99 Foo 2026 99:99:99 GMT", "\xe9"]
_STATUSES = [204, 206, 301, 304, 307, 400, 403, 404, 409, 412, 416, 500, 500, 500, 503, 503]
_CODES = {"500": b"InternalError", "503": b"SlowDown", "507": b"InsufficientStorage"}


@dataclass(frozen=True)
class Request:
    """A request as the proxy saw it."""

    number: int
    method: str
    path: str
    sent: int


def _no_fault(number: int, method: str, path: str) -> str | None:
    return None


@dataclass
class Proxy:
    """The proxy; `fault` says what to do at a request: one of the names below, or nothing.

    drop: close the connection before the server sees the request.
    drop_answer: let the server do it, then close the connection.
    truncate: send half of the answer's body.
    delay: wait half a second.
    500, 503: answer that.
    507: answer that to what would write, as a server whose disk is full does.
    refuse: remove nothing, and say so in an answer of success, as S3 does of single objects.
    drip: send a byte of the answer's body each tenth of a second; drip_head: of its head, too.
    cut: send half of the body as a chunk, and close the connection before the last one.
    endless: send a body that never ends, as fast as the client reads.
    garble: damage the head or the body of the answer somewhere, by `chance`.
    more: answer every listing with a page of new keys, and say that there are more.

    Args:
        clock: Seconds that the server's clock is ahead of this machine's.
        is_encrypted: Whether the tags of tables are no MD5 of their content, as on S3 where it
            encrypts with a key of the owner's: the proxy writes them backwards.
    """

    server: str
    fault: Callable[[int, str, str], str | None] = _no_fault
    requests: list[Request] = field(default_factory=list)
    faults: int = 0
    port: int = 0
    clock: float = 0.0
    is_encrypted: bool = False
    chance: Random = field(default_factory=lambda: Random(0))
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def bytes_sent(self) -> int:
        return sum(request.sent for request in self.requests)

    def reset(self) -> None:
        self.requests.clear()
        self.faults = 0
        self.clock = 0.0
        self.is_encrypted = False
        self.fault = _no_fault


@contextmanager
def proxy_before(endpoint: str) -> Iterator[Proxy]:
    proxy = Proxy(endpoint)
    handler = type("Handler", (_Handler,), {"proxy": proxy})
    server = _Server(("127.0.0.1", 0), handler)
    proxy.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()


def _turned(text: bytes) -> bytes:
    """Each MD5 of a text, backwards."""
    return re.sub(rb"\b[0-9a-f]{32}\b", lambda found: found[0][::-1], text)


def _later(date: str, seconds: float) -> str:
    """A date and a time after it; what is no date stays."""
    try:
        return formatdate(parsedate_to_datetime(date).timestamp() + seconds, usegmt=True)
    except ValueError:
        return date


def _first_key(deletion: bytes) -> bytes:
    return deletion.partition(b"<Key>")[2].partition(b"</Key>")[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits for an acknowledgement, 40 ms
    proxy: ClassVar[Proxy]
    timeout = 30

    def log_message(self, *arguments: object) -> None:
        """The requests are kept."""

    def handle_one(self) -> None:
        proxy = self.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = unquote(urlsplit(self.path).path)
        with proxy.lock:
            number = len(proxy.requests) + 1
            proxy.requests.append(Request(number, self.command, path, 0))
            fault = proxy.fault(number, self.command, path)
            proxy.faults += fault is not None
        if fault == "drop":
            self.close_connection = True
            return
        if fault == "delay":
            time.sleep(0.5)
        if fault == "507" and self.command not in {"PUT", "POST"}:
            fault = None
        if fault in _CODES:
            code = _CODES[fault]
            self._answer(int(fault), [("Content-Type", "application/xml")], SLOW_DOWN % code)
            return
        listing = parse_qs(urlsplit(self.path).query)
        instead = {"refuse": REFUSED % _first_key(body)}
        if "list-type" in listing:
            instead["more"] = PAGE % (number, listing.get("prefix", [""])[0].encode(), number)
        if fault in instead:
            self._answer(200, [("Content-Type", "application/xml")], instead[fault])
            return
        status, headers, answer = self._forward(body)
        if fault in {"drip", "drip_head", "endless", "garble", "cut"}:
            self._go_on(fault, status, headers, answer)
            return
        if fault == "drop_answer":
            self.close_connection = True
            return
        if fault == "truncate" and len(answer) > 1 and self.command != "HEAD":
            self._answer(status, headers, answer, cut=len(answer) // 2)
            self.close_connection = True
            return
        with proxy.lock:
            proxy.requests[number - 1] = Request(number, self.command, path, len(answer))
        self._answer(status, headers, answer)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_one  # noqa: N815

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        place = urlsplit(self.proxy.server)
        upstream = http.client.HTTPConnection(str(place.hostname), place.port, timeout=30)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in {"expect", "connection"}:
                    upstream.putheader(name, value)
            upstream.endheaders(body)
            answer = upstream.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            upstream.close()

    def _garbled(
        self, status: int, headers: list[tuple[str, str]], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        chance = self.proxy.chance
        what = chance.choice(["headers", "values", "body", "status"])
        if what == "headers":
            return status, [each for each in headers if chance.random() < 0.6], body
        if what == "values":
            lengths = {"content-length", "transfer-encoding"}
            return (
                status,
                [
                    (name, chance.choice(_ODD) if name.lower() not in lengths else value)
                    for name, value in headers
                ],
                body,
            )
        if what == "status":
            return chance.choice(_STATUSES), headers, body
        start = chance.randrange(len(body) + 1)
        end = start + chance.randrange(60)
        odd = [b"", chance.randbytes(end - start), 3 * body[start:end]]
        return status, headers, body[:start] + chance.choice(odd) + body[end:]

    def _go_on(self, fault: str, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer without an end in sight, until the client has gone away; or without sense."""
        if fault == "garble":
            self._answer(*self._garbled(status, headers, body))
            return
        self.close_connection = True
        lines = [f"HTTP/1.1 {status} OK"]
        kept = {"etag", "last-modified", "date", "content-type"}
        lines += [f"{name}: {value}" for name, value in headers if name.lower() in kept]
        is_endless = fault == "endless"
        is_chunked = fault in {"endless", "cut"}
        length = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(body)}"
        head = "\r\n".join([*lines, length, "", ""]).encode()
        slow = head + body if fault == "drip_head" else body
        with suppress(OSError):
            if fault != "drip_head":
                self.wfile.write(head)
            block = b"100000\r\n" + b" " * 2**20 + b"\r\n"
            while is_endless and self.command != "HEAD":
                self.wfile.write(block)
            if fault == "cut":
                half = body[: len(body) // 2]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(half), half))
                return
            for byte in slow:
                self.wfile.write(bytes([byte]))
                time.sleep(0.1)

    def _answer(
        self, status: int, headers: list[tuple[str, str]], body: bytes, cut: int | None = None
    ) -> None:
        self.send_response_only(status)
        lengths = [value for name, value in headers if name.lower() == "content-length"]
        for name, value in headers:
            if name.lower() == "etag" and self.proxy.is_encrypted and ".pqt" in self.path:
                self.send_header(name, _turned(value.encode()).decode())
            elif name.lower() in {"date", "last-modified"}:
                self.send_header(name, _later(value, self.proxy.clock))
            elif name.lower() not in {"connection", "transfer-encoding", "content-length"}:
                self.send_header(name, value)
        length = lengths[0] if self.command == "HEAD" and lengths else str(len(body))
        if status != 304:
            self.send_header("Content-Length", length)
        self.end_headers()
        is_listing = self.proxy.is_encrypted and b"<ETag>" in body
        if self.command != "HEAD":
            self.wfile.write((_turned(body) if is_listing else body)[:cut])

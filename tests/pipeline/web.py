"""A folder on the web as S3 serves a bucket: ranges, HEAD, CORS, listings in pages."""

from __future__ import annotations

import email.utils
import hashlib
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
}
EXPOSED = "ETag, Content-Length, Content-Range, Accept-Ranges, Last-Modified"


class Request(NamedTuple):
    """One request, and the status it got."""

    method: str
    path: str
    range: str | None
    status: int


@dataclass
class Bucket:
    """A folder that is served.

    Attributes:
        address: Where, without a slash at the end.
        requests: The requests.
    """

    address: str
    requests: list[Request] = field(default_factory=list)


@contextmanager
def served(folder: Path, *, page: str = "") -> Iterator[Bucket]:
    """Serve the files of a folder, and a page of one's own at the root."""

    class Handler(_Handler):
        root = folder.resolve()
        root_page = page.encode()
        requests: list[Request] = []  # noqa: RUF012  # of this server

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield Bucket(f"http://127.0.0.1:{server.server_port}", Handler.requests)
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits for an acknowledgement, 40 ms
    root: Path
    root_page: bytes
    requests: list[Request]

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_OPTIONS(self) -> None:
        self._send(200, b"", {"Access-Control-Allow-Headers": "*"})

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        options = {name: values[0] for name, values in parse_qs(parts.query).items()}
        key = unquote(parts.path).lstrip("/")
        file = self.root / key
        if "list-type" in options:
            self._send(200, self._listing(options), {"Content-Type": "application/xml"})
        elif not key and self.root_page:
            self._send(200, self.root_page, {"Content-Type": TYPES[".html"]})
        elif file.is_file() and self.root in file.resolve().parents:
            self._send_file(file)
        else:
            self._send(404, b"<Error><Code>NoSuchKey</Code></Error>", {})

    def _send_file(self, file: Path) -> None:
        data = file.read_bytes()
        headers = {
            "Accept-Ranges": "bytes",
            "Content-Type": TYPES.get(file.suffix, "application/octet-stream"),
            "ETag": f'"{hashlib.md5(data).hexdigest()}"',
            "Last-Modified": email.utils.formatdate(file.stat().st_mtime, usegmt=True),
        }
        requested = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if requested is None:
            self._send(200, data, headers)
            return
        start, end = int(requested[1]), int(requested[2] or len(data) - 1)
        if start >= len(data):
            self._send(416, b"", {"Content-Range": f"bytes */{len(data)}"})
            return
        part = data[start : end + 1]
        headers["Content-Range"] = f"bytes {start}-{start + len(part) - 1}/{len(data)}"
        self._send(206, part, headers)

    def _listing(self, options: dict[str, str]) -> bytes:
        """The next keys, or folders up to a delimiter, with a token where there are more."""
        prefix, delimiter = options.get("prefix", ""), options.get("delimiter", "")
        files = (path for path in self.root.rglob("*") if path.is_file())
        keys = sorted(path.relative_to(self.root).as_posix() for path in files)
        names = []
        for key in keys:
            if key.startswith(prefix):
                head, found, _ = key[len(prefix) :].partition(delimiter or "\0")
                names.append(prefix + head + delimiter if found else key)
        after = options.get("continuation-token", "")
        names = [name for name in dict.fromkeys(names) if name > after]
        shown = names[: int(options.get("max-keys", 1000))]
        lines = [
            f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>"
            if delimiter and name.endswith(delimiter)
            else f"<Contents><Key>{escape(name)}</Key></Contents>"
            for name in shown
        ]
        more = len(names) > len(shown)
        if more:
            lines.append(f"<NextContinuationToken>{escape(shown[-1])}</NextContinuationToken>")
        lines.append(f"<IsTruncated>{str(more).lower()}</IsTruncated>")
        return f"<ListBucketResult>{''.join(lines)}</ListBucketResult>".encode()

    def _send(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        self.requests.append(
            Request(self.command, unquote(self.path), self.headers.get("Range"), status)
        )
        self.send_response(status)
        for name, value in (
            {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": EXPOSED}
            | headers
            | {"Content-Length": str(len(data))}
        ).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

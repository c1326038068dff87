"""A gateway on loopback over TLS that caps its answers as the real one does."""

from __future__ import annotations

import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Gateway:
    """Serves documents; a test changes `documents`, or sets what goes wrong.

    Answers hold as many documents as fit into `cap` bytes; where not one fits, or where
    `fails_when_large` is set, the answer is 413. `fault` is called with the number of the request
    and gives a status to answer with, `cut`, `drop`, or None. Where `is_once` is set, there
    is nothing behind the first page of an answer. `spelt` has the text of documents that JSON can
    say in more than one way, by `_id`.
    """

    def __init__(self, authority, documents=(), *, cap=50_000) -> None:
        self.documents = {document["_id"]: document for document in documents}
        self.cap = cap
        self.fails_when_large = False
        self.is_once = False
        self.spelt: dict[str, bytes] = {}
        self.seconds_per_byte = 0.0
        self.fault = lambda number: None
        self.requests: list[dict] = []
        self.names = ("metadata_index", "data_assets")
        self._lock = threading.Lock()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.address = f"https://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str) -> tuple[int, object]:
        url = urlsplit(path)
        version, database, collection, verb = url.path.strip("/").split("/")
        if (database, collection, verb) != (*self.names, "find"):
            return 404, {"message": "Not Found"}
        given = {name: values[0] for name, values in parse_qs(url.query).items()}
        query = json.loads(given.get("filter", "{}"))
        with self._lock:
            self.requests.append({"version": version, "filter": query})
            number = len(self.requests)
            result = sorted(key for key in self.documents if _matches(key, query.get("_id", {})))
            documents = [self.documents[key] for key in result]
        fault = self.fault(number)
        if fault is not None:
            return fault, []
        first, limit = int(given["skip"]), int(given["limit"])
        if first and self.is_once:
            return 200, []
        projection = json.loads(given.get("projection", "null"))
        page, size = [], 0
        for document in documents[first : first + limit if limit else None]:
            projected = document if projection is None else _projected(document, projection)
            size += len(json.dumps(projected))
            if size > self.cap:
                if self.fails_when_large or not page:
                    return 413, {"message": "Request Too Long"}
                break  # without saying so
            page.append(projected)
        if self.spelt and projection is None:
            return 200, b"[" + b", ".join(self.spelt[each["_id"]] for each in page) + b"]"
        return 200, page

    def _handler(self):
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else each answer waits for an acknowledgement, 40 ms

            def do_GET(self) -> None:
                status, body = gateway.answer(self.path)
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                if status == "drop":
                    self.close_connection = True
                    self.connection.close()
                    return
                is_cut = status == "cut"
                self.send_response(200 if is_cut else status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content) + 10 * is_cut))
                if status == 302:
                    self.send_header("Location", self.path)
                self.end_headers()
                if gateway.seconds_per_byte:
                    for byte in content:
                        time.sleep(gateway.seconds_per_byte)
                        self.wfile.write(bytes([byte]))
                else:
                    self.wfile.write(content)
                self.close_connection = is_cut

            def log_message(self, *args) -> None:
                pass

        return Handler


def _matches(key: str, condition: dict) -> bool:
    tests = {
        "$in": lambda wanted: key in wanted,
        "$gt": lambda bound: isinstance(bound, str) and key > bound,  # of one type, as MongoDB does
        "$gte": lambda bound: key >= bound,
    }
    return all(tests[name](value) for name, value in condition.items())


def _projected(document: dict, projection: dict) -> dict:
    result: dict = {}
    for path in projection:
        key, _, below = path.partition(".")
        if key not in document:
            continue
        if below and isinstance(document[key], dict):
            inner = result.setdefault(key, {})
            if below in document[key]:
                inner[below] = document[key][below]
        elif not below:
            result[key] = document[key]
    return result

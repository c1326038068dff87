"""A server that speaks MongoDB's protocol just far enough to refuse a password."""

from __future__ import annotations

import socket
import struct
import threading
from typing import TYPE_CHECKING

import bson

if TYPE_CHECKING:
    import ssl

MESSAGE, QUERY = 2013, 2004


class RefusingServer:
    """Answers the handshake, and refuses every login, over TLS with a context."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            stream = connection.makefile("rb")
            while header := stream.read(16):
                length, request, _, operation = struct.unpack("<iiii", header)
                body = stream.read(length - 16)
                connection.sendall(self._reply(request, operation, body))
        except (OSError, struct.error):
            pass
        finally:
            connection.close()

    def _reply(self, request: int, operation: int, body: bytes) -> bytes:
        if operation == QUERY:
            answer = struct.pack("<iqii", 8, 0, 0, 1) + bson.encode(HELLO)
            return struct.pack("<iiii", 16 + len(answer), 0, request, 1) + answer
        command = next(iter(bson.decode(body[5:])))
        document = HELLO if command.lower() in {"hello", "ismaster"} else _REFUSED
        answer = struct.pack("<IB", 0, 0) + bson.encode(document)
        return struct.pack("<iiii", 16 + len(answer), 0, request, MESSAGE) + answer


HELLO = {
    "ismaster": True,
    "isWritablePrimary": True,
    "helloOk": True,
    "maxBsonObjectSize": 16_777_216,
    "maxMessageSizeBytes": 48_000_000,
    "maxWriteBatchSize": 100_000,
    "minWireVersion": 0,
    "maxWireVersion": 13,
    "ok": 1.0,
}
_REFUSED = {"ok": 0.0, "errmsg": "Authentication failed.", "code": 18}

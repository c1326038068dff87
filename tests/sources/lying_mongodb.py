"""A server that speaks MongoDB's protocol, and can be set to answer something else."""

from __future__ import annotations

import itertools
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import bson
from refusing_server import HELLO, MESSAGE, QUERY

Documents = list[dict[str, Any]]
Lie = Callable[["LyingServer", dict[str, Any], Documents], Iterable[Documents]]
"""Called with the server, a `find`, and the right answer to it; gives the batches to answer with,
for ever if it likes to."""

_BATCH = 50
_COLLECTIONS = 2**40
"""Number of the cursor of a list of collections."""


def right(_: LyingServer, __: dict[str, Any], answer: Documents) -> Iterable[Documents]:
    """The answer as it is, in batches."""
    return [answer[start : start + _BATCH] for start in range(0, len(answer), _BATCH)]


class LyingServer:
    """One collection, answered for as `lie` says; documents come in order of `_id`.

    Attributes:
        documents: What the collection holds, by `_id`.
        lie: Makes the batches of an answer.
        requests: Number of `find` and `getMore` so far.
        seconds_per_byte: How long to wait before each byte of an answer to these.
        endless_collections: Whether its list of collections has no end.
        stalls_after: Bytes of such an answer after which nothing more comes; None for no stall.
    """

    def __init__(self, documents: Iterable[dict[str, Any]]) -> None:
        self.documents = {document["_id"]: document for document in documents}
        self.lie: Lie = right
        self.requests = 0
        self.seconds_per_byte = 0.0
        self.stalls_after: int | None = None
        self.endless_collections = False
        self._cursors: dict[int, Iterator[Documents]] = {}
        self._numbers = itertools.count(1)
        self._is_open = True
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.uri = (
            f"mongodb://127.0.0.1:{port}/?serverMonitoringMode=poll&retryReads=false"
            "&socketTimeoutMS=500"
        )
        threading.Thread(target=self._accept, daemon=True).start()

    def tell_the_truth(self) -> None:
        """Answer correctly from now on."""
        self.lie, self.seconds_per_byte, self.stalls_after = right, 0.0, None

    def close(self) -> None:
        self._is_open = False
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
            stream = connection.makefile("rb")
            while header := stream.read(16):
                length, request, _, operation = struct.unpack("<iiii", header)
                body = stream.read(length - 16)
                if operation == QUERY:
                    answer = struct.pack("<iqii", 8, 0, 0, 1) + bson.encode(HELLO)
                    self._send(connection, request, 1, answer, is_data=False)
                    continue
                command = bson.decode(body[5:])
                answer = struct.pack("<IB", 0, 0) + bson.encode(self._answer(command))
                is_data = "find" in command or "getMore" in command
                self._send(connection, request, MESSAGE, answer, is_data=is_data)
        except (OSError, struct.error):
            pass
        finally:
            connection.close()

    def _send(
        self,
        connection: socket.socket,
        request: int,
        operation: int,
        answer: bytes,
        *,
        is_data: bool,
    ) -> None:
        content = struct.pack("<iiii", 16 + len(answer), 0, request, operation) + answer
        if is_data and self.stalls_after is not None:
            connection.sendall(content[: self.stalls_after])
            while self._is_open and self.stalls_after is not None:
                time.sleep(0.05)
            raise OSError("stalled")
        if is_data and self.seconds_per_byte:
            for location in range(len(content)):
                connection.sendall(content[location : location + 1])
                time.sleep(self.seconds_per_byte)
            return
        connection.sendall(content)

    def _answer(self, command: dict[str, Any]) -> dict[str, Any]:
        if "find" in command:
            self.requests += 1
            number = next(self._numbers)
            self._cursors[number] = iter(self.lie(self, command, self._truth(command)))
            return self._batch(number, "firstBatch")
        if "getMore" in command:
            self.requests += 1
            if command["getMore"] == _COLLECTIONS:
                return _collections(command["getMore"], "nextBatch")
            return self._batch(command["getMore"], "nextBatch")
        if "listCollections" in command:
            return _collections(_COLLECTIONS if self.endless_collections else 0, "firstBatch")
        return HELLO

    def _batch(self, number: int, name: str) -> dict[str, Any]:
        """The next batch of a cursor, which ends with the batch that has none after it."""
        batches = self._cursors.get(number, iter(()))
        result = next(batches, [])
        following = next(batches, None)
        if following is None:
            self._cursors.pop(number, None)
        else:
            self._cursors[number] = itertools.chain([following], batches)
        cursor_id = bson.Int64(0 if following is None else number)
        cursor = {"id": cursor_id, "ns": "metadata_index.data_assets", name: result}
        return {"cursor": cursor, "ok": 1.0}

    def _truth(self, command: dict[str, Any]) -> Documents:
        requested = command.get("filter", {}).get("_id")
        keys = sorted(self.documents) if requested is None else requested["$in"]
        result = [self.documents[key] for key in keys if key in self.documents]
        names = set(command.get("projection") or ())
        if not names or 0 in command["projection"].values():
            return result
        return [{key: each[key] for key in each if key in names} for each in result]


def _collections(cursor_id: int, name: str) -> dict[str, Any]:
    result = [{"name": "data_assets", "type": "collection"}]
    cursor = {
        "id": bson.Int64(cursor_id),
        "ns": "metadata_index.$cmd.listCollections",
        name: result,
    }
    return {"cursor": cursor, "ok": 1.0}

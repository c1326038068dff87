"""A real MongoDB-compatible server on loopback, and what is between it and a run."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

INSTALL = Path(__file__).parents[2] / "scripts" / "install_mongodb_server"
OWN_SERVER = os.environ.get("TEST_MONGODB_URI", "")


class NoServerError(RuntimeError):
    """No server can be had here; the text says why."""


def installed_folder() -> Path:
    """Where the server is; installs it if that is possible."""
    done = subprocess.run([INSTALL], capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr or done.stdout).strip().splitlines()
        raise NoServerError(reason[-1] if reason else "installing failed")
    return Path(done.stdout.strip().splitlines()[-1])


class Server:
    """A server process that ends with the tests; given a file, it keeps its data there."""

    def __init__(self, data: Path | None = None, *, heap: str = "1g") -> None:
        self.folder = installed_folder()
        self.data = data
        self.heap = heap
        self.port = 0
        self.start()

    def start(self) -> None:
        command = ["java", "-XX:+UseSerialGC", "-Xshare:auto", f"-Xmx{self.heap}", "-cp"]
        command += [f"{self.folder}:{self.folder}/lib/*", "Server", str(self.port)]
        command += [] if self.data is None else [str(self.data)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        line = self.process.stdout.readline()
        if not line.strip():
            raise NoServerError("the server did not start")
        self.port = int(line)

    @property
    def uri(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """End as a server does on SIGTERM."""
        self.process.stdin.close()
        self.process.wait(timeout=20)
        self.process.stdout.close()


class Proxy:
    """Passes bytes on to a server, and misbehaves as set.

    `fault` is called with the number of the connection and of the chunk from the server, and gives
    what to do with the chunk: `pass`, `reset` (connection reset), `cut` (half of it, then the
    end), or a number of seconds to wait before it is passed on.
    """

    def __init__(self, port: int, fault=lambda connection, chunk: "pass") -> None:
        self.target = port
        self.fault = fault
        self.connections = 0
        self.bytes = 0
        self.is_refusing = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def uri(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.is_refusing:
                _reset(client)
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                _reset(client)
                continue
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            number, self.connections = self.connections, self.connections + 1
            threading.Thread(target=self._pump, args=(client, server), daemon=True).start()
            threading.Thread(
                target=self._pump_back, args=(server, client, number), daemon=True
            ).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while chunk := source.recv(65536):
                target.sendall(chunk)
        except OSError:
            pass
        _close(source, target)

    def _pump_back(self, source: socket.socket, target: socket.socket, number: int) -> None:
        try:
            count = 0
            while chunk := source.recv(65536):
                action = self.fault(number, count)
                count += 1
                self.bytes += len(chunk)
                if action == "reset":
                    _reset(target)
                    break
                if action == "cut":
                    target.sendall(chunk[: len(chunk) // 2])
                    break
                if action != "pass":
                    time.sleep(action)
                target.sendall(chunk)
        except OSError:
            pass
        _close(source, target)


def now_and_then(seed: int, rate: float, *actions, least: int = 2):
    """A fault that strikes at random, never on the first chunks of a connection.

    It strikes at the fifth chance at the latest: how many chunks there are is up to the network.
    """
    draw = random.Random(seed)
    chances = itertools.count(1)
    struck = threading.Event()

    def fault(connection: int, chunk: int):
        if chunk < least:
            return "pass"
        late = next(chances) >= 5 and not struck.is_set()
        if not late and draw.random() >= rate:
            return "pass"
        struck.set()
        return draw.choice(actions)

    return fault


def _reset(connection: socket.socket) -> None:
    """Close so that the other side sees a reset, not an end."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    _close(connection)


def _close(*connections: socket.socket) -> None:
    for connection in connections:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()

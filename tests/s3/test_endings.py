"""A command that waits for a server that never answers ends in time when it is terminated."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
from built import Build

from biodata_cache._pipeline.past_runs import reports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow
SIGNALS = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT]
LIMIT = 2.0
START = (  # whoever runs the tests may ignore signals, as `nohup` and a job in the background do
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "signal.signal(signal.SIGHUP, signal.SIG_DFL);"
    "from biodata_cache.__main__ import main; main()"
)
COMMANDS = {
    "extract of a database": ("extract", "--source", "mongodb://127.0.0.1:{port}"),
    "extract of the gateway": ("extract", "--source", "https://127.0.0.1:{port}"),
    "extract into a lake": ("extract", "--source", "sample:5", "--raw", "s3://bucket/raw"),
    "sync": ("sync", "--source", "mongodb://127.0.0.1:{port}", "--root", "elsewhere"),
    "build": ("build", "--raw", "s3://bucket/raw"),
    "publish": ("publish", "--root", "s3://bucket/prefix"),
    "rollback": ("rollback", "--root", "s3://bucket/prefix"),
    "tables": ("tables", "--root", "s3://bucket/prefix"),
    "read": ("read", "assets", "--root", "s3://bucket/prefix"),
    "status": ("status", "--root", "s3://bucket/prefix"),
    "doctor": ("doctor", "--root", "s3://bucket/prefix"),
}
LOOKING = {"tables", "read", "status", "doctor"}


class Silent:
    """A server that takes every connection, and says nothing."""

    def __init__(self) -> None:
        self.requested = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._held: list[socket.socket] = []
        threading.Thread(target=self._hold, daemon=True).start()

    def _hold(self) -> None:
        while True:
            try:
                self._held.append(self._socket.accept()[0])
            except OSError:
                return
            self.requested.set()

    def close(self) -> None:
        self._socket.close()
        for each in self._held:
            each.close()


@pytest.fixture
def silent() -> Iterator[Silent]:
    server = Silent()
    yield server
    server.close()


@pytest.mark.parametrize(
    ("name", "number"),
    [(name, signal.SIGTERM) for name in COMMANDS]
    + [("extract of a database", number) for number in SIGNALS[1:]],
)
def test_a_command_that_waits_ends_in_time(
    silent: Silent, tmp_path: Path, name: str, number: signal.Signals
) -> None:
    work = tmp_path / "work"
    Build(work, str(tmp_path / "root")).make({"1": "a"})
    environment = {name: text for name, text in os.environ.items() if "PROXY" not in name.upper()}
    environment |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.port}",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_REGION": "us-west-2",
        "BIODATA_CACHE_WORK": str(work),
        "BIODATA_CACHE_ON_FINISH": f'echo "$BIODATA_CACHE_RUN_STATUS" >> "{tmp_path}/told"',
    }
    command = [part.format(port=silent.port) for part in COMMANDS[name]]
    process = subprocess.Popen(
        [sys.executable, "-c", START, *command],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert silent.requested.wait(60), (process.poll(), process.communicate())
    time.sleep(0.2)
    told = time.monotonic()
    process.send_signal(number)
    _, output = process.communicate(timeout=60)
    took = time.monotonic() - told
    assert process.returncode == 130, output
    assert output.splitlines()[-1].startswith("error: interrupted"), output
    assert "Traceback" not in output
    assert took < LIMIT + 3, took  # of a machine that does other things besides
    if name not in LOOKING:
        (report,) = reports(work)
        assert (report["command"], report["status"]) == (command[0], "interrupted"), report
        assert report["error"]["kind"] == "KeyboardInterrupt"
        assert (tmp_path / "told").read_text() == "interrupted\n"

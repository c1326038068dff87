"""Publishers of their own, to be killed: children of one process that has everything imported."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from biodata_cache._cli.signals import EXIT_INTERRUPTED, end_as_by_ctrl_c
from biodata_cache._core.errors import CacheError
from biodata_cache._core.interrupts import interrupts
from biodata_cache._core.settings import values as _settings
from biodata_cache._publish import publish as _publish
from biodata_cache._storage import s3 as _s3

if TYPE_CHECKING:
    from types import TracebackType

LEASE = 1.0
_PACKAGE = Path(_settings.__file__).resolve().parents[3]


@dataclass
class Publishers:
    """Starts publishers with the environment that it was made in."""

    def __post_init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", __file__],
            env=os.environ | {"PYTHONPATH": str(_PACKAGE)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, what: str, root: str, work: Path, version: str) -> int:
        """Start one; its process id."""
        self._tell(f"{what} {root} {work} {version}")
        return int(self._line())

    def wait(self, number: int = 1) -> list[str]:
        """Wait for that many to end; how each did."""
        self._tell(f"wait {number} - -")
        return [self._line() for _ in range(number)]

    def __enter__(self) -> Publishers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def serve() -> None:
    """Fork a publisher for each line of stdin."""
    assert _s3  # imported before the first fork
    outcomes = {0: "done", 1: "refused", -9: "killed", EXIT_INTERRUPTED: "interrupted"}
    for line in sys.stdin:
        what, root, work, version = line.split()
        if what == "wait":
            for _ in range(int(root)):
                code = os.waitstatus_to_exitcode(os.wait()[1])
                _say(outcomes.get(code, str(code)))
            continue
        child = os.fork()
        if child == 0:
            os._exit(_run(what, root, work, version))
        _say(str(child))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _run(what: str, root: str, work: str, version: str) -> int:
    _settings.installed_version = lambda: version  # type: ignore[assignment]
    end_as_by_ctrl_c()  # as each command does
    settings = _settings.load(root=root, work=work)
    try:
        with interrupts():  # this, too
            if what == "publish":
                _publish.publish(settings, lease=LEASE, force=True)
            else:
                _publish.rollback(settings, lease=LEASE)
    except CacheError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return 0


if __name__ == "__main__":
    serve()

"""dbt as a process that never outlives the command that started it; run as a script.

It holds the work folder's second lock, so that no other build begins before it has ended; and it
ends at once when its standard input does, which is a pipe that the command holds open. The system
closes that pipe however the command ends, also when it is killed.

It passes the parsed project of an earlier run to dbt, which then does not parse again.

What dbt says is written here, each event once. dbt's own loggers make a line of every event for
each of them, also of those that they then leave out, and look for secrets in the whole environment
each time: a fifth of what a small build costs.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from datetime import datetime, timezone
from functools import partial
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

from filelock import FileLock

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbt.contracts.graph.manifest import Manifest
    from dbt_common.events.base_types import EventMsg

_PATIENCE = 10.0
_QUIET = ("--log-level", "none", "--log-level-file", "none")
_LOG_BYTES = 10 * 1024**2
_LOGS_KEPT = 5


def main() -> None:
    """Run dbt with the arguments that follow the paths of lock, log and what was parsed."""
    _, lock, log, parsed, *arguments = sys.argv
    end_with_command()
    with FileLock(lock, timeout=_PATIENCE):
        # A second; the command may be gone by then.
        from dbt.cli.main import dbtRunner  # noqa: PLC0415
        from dbt_common.exceptions import DbtBaseException  # noqa: PLC0415

        callbacks, manifest = [_writer(Path(log))], _manifest(Path(parsed))
        if manifest is not None:
            callbacks.append(partial(_name_run, manifest))
        result = dbtRunner(manifest, callbacks).invoke([*_QUIET, *arguments])
    if result.exception is None:
        sys.exit(0 if result.success else 1)
    if not isinstance(result.exception, DbtBaseException):  # of which there was an event
        sys.stderr.write(f"Error: {result.exception}\n")
    sys.exit(2)


def _manifest(parsed: Path) -> Manifest | None:
    """The parsed project of an earlier run; None if there is no such file."""
    from dbt.contracts.graph.manifest import Manifest  # noqa: PLC0415

    if not parsed.is_file():
        return None
    manifest: Any = Manifest.from_msgpack(parsed.read_bytes())
    # As dbt does after it has loaded one.
    manifest.build_parent_and_child_maps()
    manifest.build_flat_graph()
    return cast("Manifest", manifest)


def _name_run(manifest: Manifest, event: EventMsg) -> None:
    """Give the manifest the ID of the current run, which is that of its results."""
    info: Any = event.info
    if manifest.metadata.invocation_id != info.invocation_id:
        manifest.metadata.invocation_id = info.invocation_id
        manifest.metadata.generated_at = datetime.now(timezone.utc).replace(tzinfo=None)


def _writer(path: Path) -> Callable[[EventMsg], None]:
    """Write each event to a text log; those that are not for debugging to stdout, as JSON lines."""
    from dbt_common.events.functions import msg_to_dict  # noqa: PLC0415
    from dbt_common.exceptions.base import env_secrets, scrub_secrets  # noqa: PLC0415

    log, secrets, lock = _opened_log(path), env_secrets(), threading.Lock()

    def write(event: EventMsg) -> None:
        info: Any = event.info
        at = datetime.fromtimestamp(info.ts.seconds, timezone.utc)
        line = f"{at:%Y-%m-%dT%H:%M:%SZ} [{info.level:<5}] [{info.thread:<10}]: {info.msg}"
        with lock:  # each model and test that runs has a thread
            log.write(f"{scrub_secrets(line, secrets)}\n")
        if info.level != "debug":
            message = json.dumps(msg_to_dict(event), default=str)
            with lock:
                sys.stdout.write(f"{scrub_secrets(message, secrets)}\n")
                sys.stdout.flush()

    return write


def _opened_log(path: Path) -> TextIO:
    """The text log, for a run to be added; one that has become long is kept under another name.

    Only here, before a run: logging would look for the size of the file at every line.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and path.stat().st_size > _LOG_BYTES:
        RotatingFileHandler(path, backupCount=_LOGS_KEPT, delay=True).doRollover()
    return path.open("a", encoding="utf-8", buffering=1)  # each line is in the file at once


def end_with_command() -> None:
    """End this process when its standard input does, which a command holds open."""
    threading.Thread(target=_end_at_end_of_input, daemon=True).start()


def _end_at_end_of_input() -> None:
    os.read(0, 1)  # not of sys.stdin, whose lock an interpreter that ends wants to have
    os._exit(1)  # what is half done is of no use: the next build is from nothing


if __name__ == "__main__":
    main()

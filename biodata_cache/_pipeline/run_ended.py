"""Notifications when a run has ended: a command of the operator, and a file of metrics."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from biodata_cache._core.settings.values import PREFIX
from biodata_cache._pipeline.metrics import metrics
from biodata_cache._pipeline.past_runs import reports
from biodata_cache._pipeline.run_report import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from biodata_cache._core.settings.values import Settings
    from biodata_cache._pipeline.run_report import Run

REPORT_VARIABLE = f"{PREFIX}RUN_REPORT"
STATUS_VARIABLE = f"{PREFIX}RUN_STATUS"
_PATIENCE = 60.0
_PATIENCE_INTERRUPTED = 0.5


def notify(run: Run, *, patience: float = _PATIENCE) -> Iterator[str]:
    """Write the metrics and start the operator's command, after a run has left its report.

    Args:
        run: The run.
        patience: So many seconds the command may take.

    Yields:
        A sentence for each failure; failures never fail the run.
    """
    settings = run.settings
    if run.is_dry or not run.claims_notification():
        return
    if settings.metrics is not None:
        try:
            settings.metrics.parent.mkdir(parents=True, exist_ok=True)
            write_whole(settings.metrics, metrics(reports(settings.work)))
        except OSError as error:
            yield f"the metrics {settings.metrics} cannot be written ({error.strerror or error})"
    if settings.on_finish:
        seconds = _PATIENCE_INTERRUPTED if run.status == "interrupted" else patience
        problem = _start(settings, run.path, run.status, seconds)
        if problem:
            yield f"the command of {PREFIX}ON_FINISH {problem}"


def _start(settings: Settings, report: Path, status: str, patience: float) -> str | None:
    """Run the operator's command; returns what went wrong, or None.

    Its environment lacks the setting, so that a `biodata-cache` that it runs does not run it again.
    """
    environment = {
        name: value for name, value in os.environ.items() if name != f"{PREFIX}ON_FINISH"
    } | {REPORT_VARIABLE: str(report.absolute()), STATUS_VARIABLE: status}
    try:
        process = subprocess.Popen(  # noqa: S602  # a line of shell is what the setting is
            settings.on_finish,
            shell=True,
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            stdout=sys.__stderr__ if sys.__stderr__ is not None else subprocess.DEVNULL,
        )
    except OSError as error:
        return f"cannot be started ({error.strerror or error})"
    try:
        code = process.wait(patience)
    except subprocess.TimeoutExpired:
        if status == "interrupted":  # do not wait: the command continues on its own
            return None
        _end(process)
        return f"took more than {patience:.0f} s, and was ended"
    except KeyboardInterrupt:
        _end(process)
        raise
    return f"ended with exit code {code}" if code else None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the operator's command and all that it started."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)  # it leads a group of its own
    else:  # Windows
        process.kill()
    process.wait()

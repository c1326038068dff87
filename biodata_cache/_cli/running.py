"""What all commands that write share: progress, run report, and a summary at the end."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING

import click

from biodata_cache._cli.output import REPORT, print_json, say
from biodata_cache._cli.progress import showing
from biodata_cache._cli.signals import before_forced_exit
from biodata_cache._core.interrupts import interrupts
from biodata_cache._pipeline.run_ended import notify
from biodata_cache._pipeline.run_report import Run, recorded, warnings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from biodata_cache._core.settings.values import Settings


@contextmanager
def running(
    command: str,
    settings: Settings,
    print_summary: Callable[[Run], object],
    *,
    as_json: bool,
    dry_run: bool = False,
) -> Iterator[Run]:
    """Run a command inside of the context.

    Args:
        command: Its name.
        settings: Where everything is.
        print_summary: Called at the end, also of a failed run.
        as_json: Whether to print the report as JSON.
        dry_run: Whether the command changes nothing; then no report is written.
    """
    run = Run(command, settings, dry_run)
    click.get_current_context().meta[REPORT] = None if dry_run else run.path
    try:
        with (
            before_forced_exit(partial(_end_at_once, run)),
            recorded(run),
            showing() as run.show,
            interrupts(),
        ):
            yield run
    finally:
        print_summary(run)
        for warning in (*warnings_of(run.outcome), *run.warnings):
            say(warning, "yellow")
        for problem in notify(run):
            say(problem, "yellow")
        if run.error is not None:
            _print_failure(run)
        if as_json:
            print_json(run.document())


def _end_at_once(run: Run) -> None:
    """Write the report of a run that is being killed."""
    if run.end(KeyboardInterrupt()):
        for _ in notify(run):  # its problems can no longer be reported
            pass


def _print_failure(run: Run) -> None:
    """Print time, stage and report of a failed run."""
    report = f"; its report is {run.path}" if run.has_report else ""
    say(
        f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ} {run.stage}: {run.status} after "
        f"{run.seconds:.1f} s{report}",
        "red",
    )

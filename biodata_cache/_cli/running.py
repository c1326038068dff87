"""Frame of a command that writes: progress, run report, and a summary at its end."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING

import click

from biodata_cache._cli.output import REPORT, print_json, say
from biodata_cache._cli.progress import showing
from biodata_cache._cli.signals import with_last_words
from biodata_cache._core.interrupts import interrupts
from biodata_cache._pipeline.run_ended import tell_others
from biodata_cache._pipeline.run_report import Run, recorded, warnings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from biodata_cache._core.settings.values import Settings


@contextmanager
def running(
    command: str,
    settings: Settings,
    tell: Callable[[Run], object],
    *,
    as_json: bool,
    dry_run: bool = False,
) -> Iterator[Run]:
    """Run a command within.

    Args:
        command: Its name.
        settings: Where everything is.
        tell: Prints the summary, also of a run that failed.
        as_json: Whether to print the report.
        dry_run: Whether the command changes nothing; then no report is left.
    """
    run = Run(command, settings, dry_run)
    click.get_current_context().meta[REPORT] = None if dry_run else run.path
    try:
        with (
            with_last_words(partial(_end_at_once, run)),
            recorded(run),
            showing() as run.show,
            interrupts(),
        ):
            yield run
    finally:
        tell(run)
        for warning in (*warnings_of(run.outcome), *run.warnings):
            say(warning, "yellow")
        for problem in tell_others(run):
            say(problem, "yellow")
        if run.error is not None:
            _say_where(run)
        if as_json:
            print_json(run.document())


def _end_at_once(run: Run) -> None:
    """End a run that has no time to end by itself."""
    if run.end(KeyboardInterrupt()):
        for _ in tell_others(run):  # whether it goes well, nobody waits to hear
            pass


def _say_where(run: Run) -> None:
    """When and in which stage a run ended that did not end well."""
    report = f"; its report is {run.path}" if run.has_report else ""
    say(
        f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ} {run.stage}: {run.status} after "
        f"{run.seconds:.1f} s{report}",
        "red",
    )

"""The runs of a work folder: `runs`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from biodata_cache._cli import options as _options
from biodata_cache._cli.output import plain, print_json, print_table
from biodata_cache._core.display import ago
from biodata_cache._core.errors import CacheNotFoundError
from biodata_cache._core.settings import values as _settings
from biodata_cache._pipeline.past_runs import reports, reports_folder

if TYPE_CHECKING:
    from biodata_cache._pipeline.past_runs import Cause

_STYLES = {"completed": "green", "running": "yellow"}


@click.command()
@_options.work
@click.option("--last", is_flag=True, help="Only the last run.")
@_options.as_json
def runs(work: str | None, last: bool, as_json: bool) -> None:  # noqa: FBT001
    """List the runs of the commands that write, the newest last, with their outcome.

    The folder `runs` of the work folder holds a report of each of the last hundred: stages and
    their seconds, what was read and published, warnings, and for a failed build each failed test
    with its first failing rows and the file of its SQL.

    \b
    Examples:
      biodata-cache runs --work nightly
      biodata-cache runs --last --json --work nightly
    """
    folder = _settings.load(work=work).work
    every = reports(folder)
    if last and not every:
        raise CacheNotFoundError(
            f"There is no report of a run in {reports_folder(folder)}: give the work folder with "
            "--work."
        )
    if as_json:
        print_json(every[-1] if last else every)
        return
    print_table(
        ["run", "began", "ended as", "time", "stages", "cause"],
        [
            [
                report["run"],
                ago(report["started_at"]),
                plain(report["status"], _STYLES.get(report["status"], "red")),
                f"{report['seconds']:.1f} s" if report["ended_at"] else "",
                ", ".join(f"{each['stage']} {each['seconds']:.1f} s" for each in report["stages"]),
                _cause(report["error"]),
            ]
            for report in (every[-1:] if last else every)
        ],
        right=["time"],
    )


COMMANDS = (runs,)


def _cause(error: Cause | None) -> str:
    if error is None:
        return ""
    line, _, _ = error["message"].partition("\n")
    return f"{error['stage']}: {line}"

"""Options that several commands share."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from biodata_cache._core.settings.table import SETTINGS
from biodata_cache._core.settings.values import ExtractOptions

Command = Callable[..., Any]


def setting(name: str) -> Callable[[Command], Command]:
    """The option of a setting; it takes precedence over the environment variable."""
    known = SETTINGS[name]
    default = known.shown_default or (f"`{known.default}`" if known.default else "")
    by_default = f"  [default: {default}]" if default else ""
    text = f"{known.help}{by_default}  [env: {known.variable}]"
    return click.option(known.option, default=None, metavar="TEXT", help=text)


source = setting("SOURCE")
source_file = setting("SOURCE_FILE")
database = setting("DATABASE")
collection = setting("COLLECTION")
v1_source = setting("V1_SOURCE")
v1_database = setting("V1_DATABASE")
v1_collection = setting("V1_COLLECTION")
raw = setting("RAW")
objects = setting("OBJECTS")
work = setting("WORK")
root = setting("ROOT")
version = setting("VERSION")
full = click.option("--full", is_flag=True, help="Start over: fetch everything again.")
dry_run = click.option("--dry-run", is_flag=True, help="Count what would be done; write nothing.")
allow_shrink = click.option(
    "--allow-shrink", is_flag=True, help="Accept that most records are gone from the source."
)
salvage = click.option(
    "--salvage", is_flag=True, help="Read what is intact of a damaged file, instead of skipping it."
)
prune = click.option(
    "--prune",
    is_flag=True,
    help="Accept that files of a folder, or buckets of a store, are gone, with what was in them.",
)
# For tests of runs that are killed or run out of disk, with few records.
bounds = click.option("--bounds", type=json.loads, default="{}", hidden=True)
lease = click.option("--lease", type=float, hidden=True)
strict = click.option("--strict", is_flag=True, help="End with exit code 1 after any warning.")
unit_tests = click.option(
    "--unit-tests/--no-unit-tests",
    default=False,
    show_default=True,
    help="Also run the unit tests of the SQL, which do not depend on the data; data tests always "
    "run.",
)


_HOW = ("full", "allow_shrink", "salvage", "prune", "bounds", "lease")


def with_options(command: Command, *options: Callable[[Command], Command]) -> Command:
    """The command with these options, which `--help` shows in this order."""
    for option in reversed(options):
        command = option(command)
    return command


def source_options(command: Command) -> Command:
    """Options of the source of records and of how to fetch them.

    The latter are passed to the command as one argument, `how`.
    """

    @wraps(command)
    def with_how(**given: Any) -> Any:  # noqa: ANN401  # the signature of the command
        flags = {name: given.pop(name) for name in _HOW}
        return command(how=ExtractOptions(**flags), **given)

    of_records = (source, source_file, database, collection)
    of_version_1 = (v1_source, v1_database, v1_collection)
    return with_options(
        with_how,
        *(*of_records, *of_version_1, full, allow_shrink, salvage, prune, bounds, lease, strict),
    )


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from biodata_cache._core import settings as _settings

Command = Callable[..., Any]


def _option(flag: str, variable: str, text: str) -> Callable[[Command], Command]:
    return click.option(
        flag, default=None, metavar="TEXT", help=f"{text}  [env: {_settings.PREFIX}{variable}]"
    )


source = _option(
    "--source",
    "SOURCE",
    "`sample`, `sample:N`, a file or folder of records, `mongodb://…` or `https://…`.",
)
source_file = _option("--source-file", "SOURCE_FILE", "File that holds a secret source address.")
database = _option("--database", "DATABASE", "Database of the records.")
collection = _option("--collection", "COLLECTION", "Collection of the records.")
v1_source = _option("--v1-source", "V1_SOURCE", "Source of records of version 1, or `none`.")
v1_database = _option("--v1-database", "V1_DATABASE", "Database of the records of version 1.")
v1_collection = _option("--v1-collection", "V1_COLLECTION", "Collection of the same.")
full = click.option("--full", is_flag=True, help="Start over: fetch everything again.")
dry_run = click.option("--dry-run", is_flag=True, help="Count what would be done; write nothing.")
allow_shrink = click.option(
    "--allow-shrink", is_flag=True, help="Accept that most records are gone from the source."
)
salvage = click.option(
    "--salvage", is_flag=True, help="Take what can be read of a damaged file, instead of nothing."
)
prune = click.option(
    "--prune",
    is_flag=True,
    help="Accept that a folder no longer has a file, or a store a bucket, with all of it.",
)
strict = click.option(
    "--strict", is_flag=True, help="End with exit code 1 where the source was not read whole."
)
raw = _option(
    "--raw", "RAW", "Raw lake: folder, or s3://bucket/prefix; by default in the work folder."
)
objects = _option(
    "--objects", "OBJECTS", "Object store: `s3`, a folder of buckets, or `none`; by source."
)
work = _option("--work", "WORK", "Folder of the lake, the build area and dbt's files.")
root = _option("--root", "ROOT", "Folder, or s3://bucket[/prefix], to publish to and to read from.")
version = _option("--version", "VERSION", "Version to read; by default the installed one.")
unit_tests = click.option(
    "--unit-tests/--no-unit-tests",
    default=True,
    show_default=True,
    help="Also test the SQL on rows of its own; data tests always run.",
)


def source_options(command: Command) -> Command:
    """The options that say where records come from, and how to fetch them.

    The command gets the latter together, as `how`.
    """

    @wraps(command)
    def with_how(**given: Any) -> Any:  # noqa: ANN401  # whatever the command takes and gives
        flags = {name: given.pop(name) for name in ("full", "allow_shrink", "salvage", "prune")}
        return command(how=_settings.ExtractOptions(**flags), **given)

    options = (
        source,
        source_file,
        database,
        collection,
        v1_source,
        v1_database,
        v1_collection,
        full,
        allow_shrink,
        salvage,
        prune,
        strict,
    )
    decorated: Command = with_how
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

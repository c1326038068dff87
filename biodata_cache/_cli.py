"""The command line: `biodata-cache extract | build | publish | rollback | sync | tables | …`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import click
from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from biodata_cache import _settings
from biodata_cache._errors import CacheError, SettingsError
from biodata_cache._published import find
from biodata_cache._sync import (
    ExtractOptions,
    Outcome,
    run_build,
    run_dry_publish,
    run_extract,
    run_publish,
    run_rollback,
    run_sync,
)

if TYPE_CHECKING:
    from biodata_cache._promote import Report
    from biodata_cache._settings import Settings

# Talk goes to stderr, data to stdout.
_stderr = Console(stderr=True)
_stdout = Console()

_Command = Callable[..., Any]


class _Commands(click.Group):
    """Turns our errors into one clear message and an exit code: 1 failed, 2 wrong use."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  # click's signature
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            _fail(str(error), 2)
        except CacheError as error:
            _fail(str(error), 1)
        except KeyboardInterrupt:
            _fail("interrupted; what was finished is kept, and the next run continues.", 130)


def _fail(message: str, code: int) -> NoReturn:
    _stderr.print(f"error: {message}", style="red", markup=False, highlight=False, soft_wrap=True)
    sys.exit(code)


def _option(flag: str, variable: str, text: str) -> Callable[[_Command], _Command]:
    return click.option(
        flag, default=None, metavar="TEXT", help=f"{text}  [env: {_settings.PREFIX}{variable}]"
    )


_source = _option(
    "--source",
    "SOURCE",
    "`sample`, `sample:N`, a file or folder of records, `mongodb://…` or `https://…`.",
)
_source_file = _option("--source-file", "SOURCE_FILE", "File that holds a secret source address.")
_database = _option("--database", "DATABASE", "Database of the records.")
_collection = _option("--collection", "COLLECTION", "Collection of the records.")
_v1_source = _option("--v1-source", "V1_SOURCE", "Source of records of version 1, or `none`.")
_v1_database = _option("--v1-database", "V1_DATABASE", "Database of the records of version 1.")
_v1_collection = _option("--v1-collection", "V1_COLLECTION", "Collection of the same.")
_full = click.option("--full", is_flag=True, help="Start over: fetch everything again.")
_dry_run = click.option("--dry-run", is_flag=True, help="Count what would be done; write nothing.")
_allow_shrink = click.option(
    "--allow-shrink", is_flag=True, help="Accept that most records are gone from the source."
)
_raw = _option(
    "--raw", "RAW", "Raw lake: folder, or s3://bucket/prefix; by default in the work folder."
)
_objects = _option(
    "--objects", "OBJECTS", "Object store: `s3`, a folder of buckets, or `none`; by source."
)
_work = _option("--work", "WORK", "Folder of the lake, the build area and dbt's files.")
_root = _option(
    "--root", "ROOT", "Folder, or s3://bucket[/prefix], to publish to and to read from."
)
_version = _option("--version", "VERSION", "Version to read; by default the installed one.")
_unit_tests = click.option(
    "--unit-tests/--no-unit-tests",
    default=True,
    show_default=True,
    help="Also test the SQL on rows of its own; data tests always run.",
)


def _source_options(command: _Command) -> _Command:
    """The options that say where records come from, and how to fetch them."""
    options = (
        _source,
        _source_file,
        _database,
        _collection,
        _v1_source,
        _v1_database,
        _v1_collection,
        _full,
        _allow_shrink,
    )
    for option in reversed(options):
        command = option(command)
    return command


_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_settings.installed_version(), prog_name="biodata-cache")
def cli() -> None:
    """Build and look at the metadata cache.

    \b
    Examples:
      biodata-cache sync --source sample --root published
      biodata-cache tables --root published
    """


@cli.command()
@_source_options
@_dry_run
@_objects
@_root
@_raw
@_work
def extract(full: bool, allow_shrink: bool, dry_run: bool, **given: str | None) -> None:  # noqa: FBT001
    """Bring the raw lake up to date with a source of records.

    Fetches what is new or changed since the last run. A run that was stopped, in whatever way,
    is continued by the next one. A password belongs into the environment variable
    BIODATA_CACHE_SOURCE or into a file, not on the command line.

    The objects of the assets are asked for, too, and what the root holds of earlier upgrades.

    \b
    Examples:
      biodata-cache extract --source sample
      biodata-cache extract --source records.jsonl.gz --work nightly
      biodata-cache extract --source mongodb://localhost:27017 --dry-run
      biodata-cache extract --source-file /run/secrets/docdb --v1-collection data_assets_v1
    """
    _extract(
        _settings.load(**given),
        ExtractOptions(full=full, allow_shrink=allow_shrink, dry_run=dry_run),
    )


@cli.command()
@_raw
@_work
@_unit_tests
def build(raw: str | None, work: str | None, unit_tests: bool) -> None:  # noqa: FBT001
    """Build and test every table from the raw lake, with dbt.

    \b
    Example:
      biodata-cache build --work nightly
    """
    settings = _settings.load(raw=raw, work=work)
    with _progress() as progress:
        outcome = run_build(settings, _Reporter(progress), unit_tests=unit_tests)
    _stderr.print(f"build: all models and tests passed in {outcome.seconds['build']:.1f} s")


@cli.command()
@_root
@_work
@click.option("--dry-run", is_flag=True, help="List what would change, and change nothing.")
def publish(root: str | None, work: str | None, dry_run: bool) -> None:  # noqa: FBT001
    """Check what was built and promote it to the published place.

    Refuses if a test failed or a file disagrees with its contract; then nothing changes.
    With --dry-run, each line of the output is a file: + new, ~ changed, - removed.

    \b
    Examples:
      biodata-cache publish --root published
      biodata-cache publish --root s3://bucket/prefix --dry-run
    """
    settings = _settings.load(root=root, work=work)
    if dry_run:
        _list_changes(settings)
    else:
        _publish(settings)


@cli.command()
@_root
@_version
def rollback(root: str | None, version: str | None) -> None:
    """Put the build back that was published before the last one.

    Publishing keeps what it replaces of the last builds (3 of them, or as many as the variable
    BIODATA_CACHE_KEEP_BUILDS says). Another rollback goes back one build more.

    \b
    Example:
      biodata-cache rollback --root s3://bucket/prefix
    """
    settings = _settings.load(root=root, version=version)
    with _progress() as progress:
        published = run_rollback(settings, _Reporter(progress))
    _print_changes("rollback", published)


@cli.command()
@_source_options
@_objects
@_root
@_raw
@_work
@_unit_tests
def sync(
    full: bool,  # noqa: FBT001
    allow_shrink: bool,  # noqa: FBT001
    unit_tests: bool,  # noqa: FBT001
    **given: str | None,
) -> None:
    """Extract, build, test and publish; shows what was made.

    \b
    Examples:
      biodata-cache sync --source sample --root published
      biodata-cache sync --source records/ --root /data/cache --work nightly
    """
    settings = _settings.load(**given)
    options = ExtractOptions(full=full, allow_shrink=allow_shrink)
    with _progress() as progress:
        outcome = run_sync(settings, _Reporter(progress), options, unit_tests=unit_tests)
    _print_extract(outcome)
    _print_outcome(outcome)


@cli.command()
@_root
@_version
@_as_json
def tables(root: str | None, version: str | None, as_json: bool) -> None:  # noqa: FBT001
    """List the published tables.

    \b
    Examples:
      biodata-cache tables --root published
      biodata-cache tables --root published --json
    """
    registry = find(_settings.load(root=root, version=version)).registry()
    if as_json:
        rows = [
            {
                "name": table.name,
                "type": table.type,
                "rows": table.row_count,
                "bytes": table.bytes,
                "files": table.files,
                "partition_key": table.partition_key,
                "built_at": table.built_at,
                "location": table.location,
            }
            for table in registry
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    shown = Table("table", "type", "rows", "size", "built at", "partitioned by", box=None)
    for column in (2, 3):
        shown.columns[column].justify = "right"
    for table in registry:
        shown.add_row(
            table.name,
            table.type,
            "" if table.row_count is None else f"{table.row_count:,}",
            "" if table.bytes is None else decimal(table.bytes),
            (table.built_at or "")[:19],
            table.partition_key or "",
        )
    _print_table(shown)


@cli.command()
@_root
@_as_json
def versions(root: str | None, as_json: bool) -> None:  # noqa: FBT001
    """List the released versions, the newest last.

    \b
    Example:
      biodata-cache versions --root published
    """
    names = find(_settings.load(root=root)).versions()
    click.echo(json.dumps(names) if as_json else "\n".join(names))


def _extract(settings: Settings, options: ExtractOptions) -> None:
    with _progress() as progress:
        outcome = run_extract(settings, _Reporter(progress), options)
    _print_extract(outcome, is_dry=options.dry_run)


def _publish(settings: Settings) -> None:
    with _progress() as progress:
        outcome = run_publish(settings, _Reporter(progress))
    _print_outcome(outcome)


def _list_changes(settings: Settings) -> None:
    report = run_dry_publish(settings)
    for sign, paths in (("+", report.added), ("~", report.replaced), ("-", report.gone)):
        for path in paths:
            click.echo(f"{sign} {path}")
    _stderr.print(
        f"publish: would write {report.written:,} files and remove {report.removed:,} in "
        f"{report.place}; {report.unchanged:,} are there already",
        highlight=False,
        soft_wrap=True,
    )


class _Reporter:
    """Shows each stage as a line of a progress display."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, Any] = {}

    def __call__(self, stage: str, done: int, total: int | None, detail: str) -> None:
        """Show how far a stage is; without a total it only counts."""
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage, total=total, detail=detail)
        self._progress.update(self._tasks[stage], completed=done, total=total, detail=detail)


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description:<8}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[detail]}", style="dim"),
        console=_stderr,
        disable=not _stderr.is_terminal,
    )


def _print_extract(outcome: Outcome, *, is_dry: bool = False) -> None:
    for stage, report in (("extract", outcome.extracted), ("extract v1", outcome.extracted_v1)):
        if report is None:
            continue
        name = f"{stage} (dry run: nothing is written)" if is_dry else stage
        retries = f", {report.retries:,} retries" if report.retries else ""
        _stderr.print(
            f"{name}: {report.listed:,} records from {report.source}: {report.new:,} new, "
            f"{report.changed:,} changed, {report.unchanged:,} unchanged, "
            f"{report.deleted:,} deleted, {report.rejected:,} rejected "
            f"({decimal(report.bytes)} in {report.seconds:.1f} s{retries})",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        if (report.rejected or report.repaired) and outcome.rejects is not None and not is_dry:
            _stderr.print(
                f"{name}: what was rejected or repaired ({report.repaired:,}) is in "
                f"{outcome.rejects.with_stem(report.collection)}, with file, line and reason, "
                "and in the table data_quality",
                style="yellow",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
    if not is_dry:
        _print_objects(outcome)
        if outcome.copied_from is not None:
            _say(f"lake: {outcome.copied_from}, with a copy in {outcome.lake} that dbt can read")


def _print_objects(outcome: Outcome) -> None:
    report = outcome.objects
    if report is None:
        _say("objects: not asked for: give --objects s3, or a folder of buckets", "yellow")
    else:
        kinds = ", ".join(
            f"{kind} {report.found[kind]:,} of {report.asked[kind]:,}"
            for kind in sorted(report.asked)
        )
        _say(
            f"objects: found {kinds or 'nothing new to ask'} in {report.store}; "
            f"{report.remembered.total():,} known from before ({report.seconds:.1f} s)"
        )
        for problem, count in sorted(report.problems.items()):
            _say(f"objects: {count:,} could not be had: {problem}", "yellow")
        if outcome.sessions is None:
            _say(f"objects: no table of foraging sessions: {outcome.sessions_missing}", "yellow")
        else:
            _say(f"objects: {outcome.sessions:,} foraging sessions")
    if outcome.upgrades is not None:
        _say(f"upgrades: {outcome.upgrades:,} records in the custom table of the upgrader")


def _say(text: str, style: str | None = None) -> None:
    _stderr.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def _print_outcome(outcome: Outcome) -> None:
    published = outcome.published
    if published is None:
        return
    shown = Table("table", "rows", "files", "size", "time", box=None)
    for column in shown.columns[1:]:
        column.justify = "right"
    for entry in published.tables:
        seconds = outcome.table_seconds.get(entry["name"])
        shown.add_row(
            entry["name"],
            f"{entry['row_count']:,}",
            f"{entry['files']:,}",
            decimal(entry["bytes"]),
            "" if seconds is None else f"{seconds:.2f} s",
        )
    _print_table(shown)
    stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in outcome.seconds.items())
    _print_changes("publish", published, f" ({stages})")


def _print_changes(stage: str, published: Report, more: str = "") -> None:
    _stderr.print(
        f"{stage}: {published.written:,} files written, {published.unchanged:,} unchanged, "
        f"{published.removed:,} removed in {published.place}{more}",
        highlight=False,
        soft_wrap=True,
    )


def _print_table(table: Table) -> None:
    """A table as wide as it needs to be: a pipe has no width that it should be cut to."""
    if _stdout.is_terminal:
        _stdout.print(table)
    else:
        Console(file=sys.stdout, width=200).print(table)

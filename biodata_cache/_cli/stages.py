"""The stages as commands: `extract`, `build`, `publish`, `rollback` and `sync`."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import click
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from biodata_cache._cli import options as _options
from biodata_cache._cli.output import count, print_json, print_table, say, size, stderr
from biodata_cache._core import settings as _settings
from biodata_cache._core.settings import ExtractOptions
from biodata_cache._pipeline.stages import (
    Outcome,
    run_build,
    run_dry_publish,
    run_extract,
    run_publish,
    run_rollback,
    run_sync,
)

if TYPE_CHECKING:
    from biodata_cache._publish.publication import Report
    from extract.objects.probes import Report as ObjectsReport
    from extract.report import Report as ExtractReport


@click.command()
@_options.source_options
@_options.dry_run
@_options.objects
@_options.root
@_options.raw
@_options.work
@_options.as_json
def extract(
    full: bool,  # noqa: FBT001
    allow_shrink: bool,  # noqa: FBT001
    salvage: bool,  # noqa: FBT001
    strict: bool,  # noqa: FBT001
    dry_run: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    **given: str | None,
) -> None:
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
    options = ExtractOptions(full=full, allow_shrink=allow_shrink, salvage=salvage, dry_run=dry_run)
    with _progress() as progress:
        outcome = run_extract(_settings.load(**given), _Reporter(progress), options)
    _say_extract(outcome, is_dry=dry_run)
    if as_json:
        print_json(_extracted(outcome, is_dry=dry_run))
    _end(outcome, strict=strict)


@click.command()
@_options.raw
@_options.work
@_options.unit_tests
@_options.as_json
def build(
    raw: str | None,
    work: str | None,
    unit_tests: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Build and test every table from the raw lake, with dbt.

    \b
    Example:
      biodata-cache build --work nightly
    """
    settings = _settings.load(raw=raw, work=work)
    with _progress() as progress:
        outcome = run_build(settings, _Reporter(progress), unit_tests=unit_tests)
    say(f"build: all models and tests passed in {outcome.seconds['build']:.1f} s")
    if as_json:
        print_json({"seconds": _rounded(outcome.seconds)})


@click.command()
@_options.root
@_options.work
@click.option("--dry-run", is_flag=True, help="List what would change, and change nothing.")
@_options.as_json
def publish(
    root: str | None,
    work: str | None,
    dry_run: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
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
        report = run_dry_publish(settings)
        if as_json:
            print_json(_published(report) | {"dry_run": True})
        else:
            _list_changes(report)
        say(
            f"publish: would write {report.written:,} files and remove {report.removed:,} in "
            f"{report.place}; {report.unchanged:,} are there already"
        )
        return
    with _progress() as progress:
        outcome = run_publish(settings, _Reporter(progress))
    _say_published(outcome, as_json=as_json)
    if as_json and outcome.published is not None:
        print_json(
            _published(outcome.published) | {"dry_run": False, "seconds": _rounded(outcome.seconds)}
        )


@click.command()
@_options.root
@_options.version
@_options.as_json
def rollback(root: str | None, version: str | None, as_json: bool) -> None:  # noqa: FBT001
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
    _say_changes("rollback", published)
    if as_json:
        print_json(_published(published))


@click.command()
@_options.source_options
@_options.objects
@_options.root
@_options.raw
@_options.work
@_options.unit_tests
@_options.as_json
def sync(
    full: bool,  # noqa: FBT001
    allow_shrink: bool,  # noqa: FBT001
    salvage: bool,  # noqa: FBT001
    strict: bool,  # noqa: FBT001
    unit_tests: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    **given: str | None,
) -> None:
    """Extract, build, test and publish; shows what was made.

    \b
    Examples:
      biodata-cache sync --source sample --root published
      biodata-cache sync --source records/ --root /data/cache --work nightly
    """
    settings = _settings.load(**given)
    options = ExtractOptions(full=full, allow_shrink=allow_shrink, salvage=salvage)
    with _progress() as progress:
        outcome = run_sync(settings, _Reporter(progress), options, unit_tests=unit_tests)
    _say_extract(outcome)
    _say_published(outcome, as_json=as_json)
    if as_json and outcome.published is not None:
        print_json(
            {
                "extract": _extracted(outcome),
                "publish": _published(outcome.published),
                "seconds": _rounded(outcome.seconds),
                "table_seconds": _rounded(outcome.table_seconds),
            }
        )
    _end(outcome, strict=strict)


_REASONS = 5

COMMANDS = (extract, build, publish, rollback, sync)


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
        console=stderr,
        disable=not stderr.is_terminal,
    )


def _extracted(outcome: Outcome, *, is_dry: bool = False) -> dict[str, object]:
    """What the extract stage did, for a machine."""
    return {
        "dry_run": is_dry,
        "records": None if outcome.extracted is None else asdict(outcome.extracted),
        "records_v1": None if outcome.extracted_v1 is None else asdict(outcome.extracted_v1),
        "objects": None if outcome.objects is None else _asked(outcome.objects),
        "foraging_sessions": outcome.sessions,
        "foraging_sessions_missing": outcome.sessions_missing,
        "upgrades": outcome.upgrades,
        "rejects": None if outcome.rejects is None else str(outcome.rejects),
        "lake": None if outcome.lake is None else str(outcome.lake),
        "lake_copied_from": outcome.copied_from,
        "seconds": _rounded(outcome.seconds),
    }


def _asked(report: ObjectsReport) -> dict[str, object]:
    """What the object store was asked; `asdict` would take the items of a counter for its keys."""
    return {
        field.name: dict(value) if isinstance(value, Counter) else value
        for field in fields(report)
        for value in [getattr(report, field.name)]
    }


def _published(report: Report) -> dict[str, object]:
    """What was published, or would be, for a machine."""
    return {
        "place": report.place,
        "build": report.build,
        "added": report.added,
        "replaced": report.replaced,
        "removed": report.gone,
        "unchanged": report.unchanged,
        "tables": [
            {
                key: getattr(entry, key)
                for key in ("name", "row_count", "files", "bytes", "built_at")
            }
            for entry in report.tables
        ],
    }


def _rounded(seconds: dict[str, float]) -> dict[str, float]:
    return {name: round(number, 3) for name, number in seconds.items()}


def _list_changes(report: Report) -> None:
    for sign, paths in (("+", report.added), ("~", report.replaced), ("-", report.gone)):
        for path in paths:
            click.echo(f"{sign} {path}")


def _say_extract(outcome: Outcome, *, is_dry: bool = False) -> None:
    for stage, report in (("extract", outcome.extracted), ("extract v1", outcome.extracted_v1)):
        if report is None:
            continue
        name = f"{stage} (dry run: nothing is written)" if is_dry else stage
        retries = f", {report.retries:,} retries" if report.retries else ""
        say(
            f"{name}: {report.listed:,} records from {report.source}: {report.new:,} new, "
            f"{report.changed:,} changed, {report.unchanged:,} unchanged, "
            f"{report.deleted:,} deleted, {report.rejected:,} rejected "
            f"({size(report.bytes)} in {report.seconds:.1f} s{retries})"
        )
        _say_incomplete(name, report)
        if (report.rejected or report.repaired) and outcome.rejects is not None and not is_dry:
            say(
                f"{name}: what was rejected or repaired ({report.repaired:,}) is in "
                f"{outcome.rejects.with_stem(report.collection)}, with file, line and reason, "
                "and in the table data_quality",
                "yellow",
            )
    if not is_dry:
        _say_objects(outcome)
        if outcome.copied_from is not None:
            say(f"lake: {outcome.copied_from}, with a copy in {outcome.lake} that dbt can read")


def _say_incomplete(name: str, report: ExtractReport) -> None:
    for reason in report.incomplete[:_REASONS]:
        say(f"{name}: the source was not read whole: {reason}", "yellow")
    if len(report.incomplete) > _REASONS:
        say(f"{name}: and {len(report.incomplete) - _REASONS:,} more such reasons", "yellow")
    if report.kept:
        say(
            f"{name}: {report.kept:,} records stay as the lake holds them, as the source was not "
            "read whole or their new version cannot be used",
            "yellow",
        )


def _end(outcome: Outcome, *, strict: bool) -> None:
    """End with exit code 1 where a source was not read whole, if that is asked for."""
    reports = (outcome.extracted, outcome.extracted_v1)
    if strict and any(report is not None and report.incomplete for report in reports):
        sys.exit(1)


def _say_objects(outcome: Outcome) -> None:
    report = outcome.objects
    if report is None:
        say("objects: not asked for: give --objects s3, or a folder of buckets", "yellow")
    else:
        kinds = ", ".join(
            f"{kind} {report.found[kind]:,} of {report.asked[kind]:,}"
            for kind in sorted(report.asked)
        )
        say(
            f"objects: found {kinds or 'nothing new to ask'} in {report.store}; "
            f"{report.remembered.total():,} known from before ({report.seconds:.1f} s)"
        )
        for problem, number in sorted(report.problems.items()):
            say(f"objects: {number:,} could not be had: {problem}", "yellow")
        if outcome.sessions is None:
            say(f"objects: no table of foraging sessions: {outcome.sessions_missing}", "yellow")
        else:
            say(f"objects: {outcome.sessions:,} foraging sessions")
    if outcome.upgrades is not None:
        say(f"upgrades: {outcome.upgrades:,} records in the custom table of the upgrader")


def _say_published(outcome: Outcome, *, as_json: bool) -> None:
    published = outcome.published
    if published is None:
        return
    if not as_json:
        seconds = outcome.table_seconds
        print_table(
            ["table", "rows", "files", "size", "time"],
            [
                [
                    entry.name,
                    count(entry.row_count),
                    count(entry.files),
                    size(entry.bytes),
                    f"{seconds[entry.name]:.2f} s" if entry.name in seconds else "",
                ]
                for entry in published.tables
            ],
            right=["rows", "files", "size", "time"],
        )
    stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in outcome.seconds.items())
    _say_changes("publish", published, f" ({stages})")


def _say_changes(stage: str, published: Report, more: str = "") -> None:
    say(
        f"{stage}: {published.written:,} files written, {published.unchanged:,} unchanged, "
        f"{published.removed:,} removed in {published.place}{more}"
    )

"""The stages as commands: `extract`, `build`, `publish`, `rollback` and `sync`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import click

from biodata_cache._cli import options as _options
from biodata_cache._cli.commands.builds import show_builds
from biodata_cache._cli.output import count, print_table, say, size
from biodata_cache._cli.running import running
from biodata_cache._cli.staging import StagingOptions, staging_options
from biodata_cache._core.errors import SourceError
from biodata_cache._core.settings import values as _settings
from biodata_cache._pipeline.extract_stage import run_extract
from biodata_cache._pipeline.run_report import warnings_of
from biodata_cache._pipeline.stages import (
    run_build,
    run_dry_publish,
    run_dry_sync,
    run_publish,
    run_rollback,
    run_shard,
    run_sync,
)
from biodata_cache._session import Cache

if TYPE_CHECKING:
    from biodata_cache._core.settings.values import ExtractOptions
    from biodata_cache._pipeline.outcome import Outcome, Plan
    from biodata_cache._pipeline.run_report import Run
    from biodata_cache._publish.publication import Report


_force = click.option(
    "--force",
    is_flag=True,
    help="Publish although the version was rolled back to an earlier build.",
)


@click.command()
@_options.source_options
@_options.dry_run
@_options.objects
@_options.root
@_options.raw
@_options.work
@_options.as_json
def extract(
    how: ExtractOptions,
    strict: bool,  # noqa: FBT001
    dry_run: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    **given: str | None,
) -> None:
    """Bring the raw lake up to date with a source of records.

    Fetches what is new or changed since the last run. The next run continues one that was
    stopped or killed. Put a password into the environment variable BIODATA_CACHE_SOURCE or into a
    file, not on the command line.

    Also probes the objects of the assets, and copies the tables of the upgrader from the root.

    \b
    Examples:
      biodata-cache extract --source sample
      biodata-cache extract --source records.jsonl.gz --work nightly
      biodata-cache extract --source mongodb://localhost:27017 --dry-run
      biodata-cache extract --source-file /run/secrets/docdb --v1-collection data_assets_v1
    """
    settings = _settings.load(**given)
    options = replace(how, dry_run=dry_run)
    with running("extract", settings, _print_extract, as_json=as_json, dry_run=dry_run) as run:
        run_extract(settings, run, options, outcome=run.outcome)
        _check_warnings(run, strict=strict)


@click.command()
@_options.raw
@_options.work
@_options.unit_tests
@click.option("--full", is_flag=True, help="Build everything, even if nothing changed.")
@staging_options
@_options.as_json
def build(
    raw: str | None,
    work: str | None,
    unit_tests: bool,  # noqa: FBT001
    full: bool,  # noqa: FBT001
    how: StagingOptions,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Build and test every table from the raw lake, with dbt.

    Nothing is built if the lake, the version and the settings are those of the last build and its
    files are intact. If only the lake changed, the build is incremental; once a week everything is
    built again.

    The records can be flattened in shards, by processes of this machine or by other machines that
    read the same lake; the resulting tables are the same.

    \b
    Examples:
      biodata-cache build --work nightly
      biodata-cache build --shards 4
      biodata-cache build --shard 1/2 --out s3://bucket/staging --raw s3://bucket/lake
      biodata-cache build --staging s3://bucket/staging --raw s3://bucket/lake
    """
    settings = _settings.load(raw=raw, work=work)
    if how.shard is not None and how.out is not None:
        if unit_tests or full:
            raise click.UsageError("--full and --unit-tests are for a build of all tables.")
        with running("build", settings, partial(_print_shard, how), as_json=as_json) as run:
            run.outcome = run_shard(settings, run, how.shard, how.out)
        return
    with running("build", settings, _print_built, as_json=as_json) as run:
        run.outcome = run_build(settings, run, unit_tests=unit_tests, full=full, stage=how.stage)


@click.command()
@_options.root
@_options.work
@click.option("--dry-run", is_flag=True, help="List what would change, and change nothing.")
@click.option("--full", is_flag=True, help="Read every built and published file again.")
@_force
@_options.as_json
def publish(
    root: str | None,
    work: str | None,
    dry_run: bool,  # noqa: FBT001
    full: bool,  # noqa: FBT001
    force: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Audit the last build and publish it.

    Refuses, and changes nothing, if a test failed, a file disagrees with its contract, or the
    version was rolled back to an earlier build.
    Reads the files that were written since the last publish; once a week, or with --full, all.
    With --dry-run, each line of the output is a file: + new, ~ changed, - removed.

    \b
    Examples:
      biodata-cache publish --root published
      biodata-cache publish --root s3://bucket/prefix --dry-run
    """
    settings = _settings.load(root=root, work=work)
    print_summary = partial(_print_published, with_tables=not as_json)
    with running("publish", settings, print_summary, as_json=as_json, dry_run=dry_run) as run:
        if dry_run:
            run.outcome.published = run_dry_publish(settings)
        else:
            run.outcome = run_publish(settings, run, force=force, full=full)


@click.command()
@click.option("--to", metavar="BUILD", help="The build to put back, or the beginning of its name.")
@click.option("--list", "only_list", is_flag=True, help="List the kept builds.")
@_options.root
@_options.version
@_options.work
@_options.as_json
def rollback(
    to: str | None,
    only_list: bool,  # noqa: FBT001
    root: str | None,
    version: str | None,
    work: str | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Publish a kept build again; by default the one before the current one.

    A build is kept for 14 days after it was replaced, or for BIODATA_CACHE_KEEP_DAYS days.
    Another rollback goes back one more build. The next publish would replace the rolled back
    build, and needs --force once.

    \b
    Examples:
      biodata-cache rollback --list --root published
      biodata-cache rollback --to 20260131T081500Z --root s3://bucket/prefix
    """
    if only_list:
        show_builds(Cache(root, version=version), as_json=as_json)
        return
    settings = _settings.load(root=root, version=version, work=work)
    with running("rollback", settings, _print_changes, as_json=as_json) as run:
        run.outcome.published = run_rollback(settings, run, to=to)


@click.command()
@_options.source_options
@_options.dry_run
@_options.objects
@_options.root
@_options.raw
@_options.work
@_options.unit_tests
@_force
@_options.as_json
def sync(
    how: ExtractOptions,
    strict: bool,  # noqa: FBT001
    dry_run: bool,  # noqa: FBT001
    unit_tests: bool,  # noqa: FBT001
    force: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    **given: str | None,
) -> None:
    """Extract, build, test and publish; prints the published tables.

    With --dry-run, counts what would be extracted and lists what would be built and published.

    \b
    Examples:
      biodata-cache sync --source sample --root published
      biodata-cache sync --source records/ --root /data/cache --work nightly
    """
    settings = _settings.load(**given)

    def print_summary(run: Run) -> None:
        _print_extract(run)
        if run.outcome.nothing_to_build:
            _print_built(run)
        _print_published(run, with_tables=not as_json)
        _print_plan(run.outcome.plan)

    with running("sync", settings, print_summary, as_json=as_json, dry_run=dry_run) as run:
        if dry_run:
            run_dry_sync(settings, run, how, outcome=run.outcome)
        else:
            run_sync(settings, run, how, unit_tests=unit_tests, force=force, outcome=run.outcome)
        _check_warnings(run, strict=strict)


COMMANDS = (extract, build, publish, rollback, sync)


def _check_warnings(run: Run, *, strict: bool) -> None:
    """With `--strict`, fail for whatever the report of the run warns of."""
    warnings = [*warnings_of(run.outcome), *run.warnings]
    if strict and warnings:
        more = f", and {len(warnings) - 1:,} more" if len(warnings) > 1 else ""
        raise SourceError(
            f"{warnings[0]}{more}; --strict forbids that: mend it, or run without --strict."
        )


def _print_extract(run: Run) -> None:
    outcome = run.outcome
    for stage, report in outcome.extracted.items():
        name = f"{stage} (dry run: nothing is written)" if run.is_dry else stage
        retries = f", {report.retries:,} retries" if report.retries else ""
        say(
            f"{name}: {report.listed:,} records from {report.source}: {report.new:,} new, "
            f"{report.changed:,} changed, {report.unchanged:,} unchanged, "
            f"{report.deleted:,} deleted, {report.rejected:,} rejected "
            f"({size(report.bytes)} in {report.seconds:.1f} s{retries})"
        )
    if outcome.extracted and not run.is_dry:
        _print_objects(outcome)
        if outcome.copied_from is not None:
            say(f"lake: {outcome.copied_from}, with a copy in {outcome.lake} that dbt can read")


def _print_objects(outcome: Outcome) -> None:
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
        if outcome.sessions is not None:
            say(f"objects: {outcome.sessions:,} foraging sessions")
    if outcome.upgrades is not None:
        say(f"upgrades: {outcome.upgrades:,} records in the custom table of the upgrader")


def _print_built(run: Run) -> None:
    seconds = run.outcome.seconds.get("build")
    if seconds is not None and run.outcome.nothing_to_build:
        say(
            "build: nothing to build: lake, project and settings are those of the last build, and "
            f"its files are whole ({seconds:.1f} s)"
        )
    elif seconds is not None:
        how = ", by change" if run.outcome.by_change else ""
        say(f"build: all models and tests passed in {seconds:.1f} s{how}")


def _print_shard(how: StagingOptions, run: Run) -> None:
    seconds = run.outcome.seconds.get("build")
    if seconds is not None:
        say(f"build: shard {how.shard} is in {how.out} ({seconds:.1f} s)")


def _print_published(run: Run, *, with_tables: bool) -> None:
    """Print what was published or would be; lines for tables and files only without --json."""
    published = run.outcome.published
    if published is None:
        return
    if run.is_dry:
        if with_tables:
            _list_changes(published)
        say(
            f"publish: would write {published.written:,} files and remove {published.removed:,} in "
            f"{published.address}; {published.unchanged:,} are there already"
        )
        return
    if with_tables:
        seconds = run.outcome.table_seconds
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
    _print_changes(run)


def _print_plan(plan: Plan | None) -> None:
    if plan is not None:
        there = f"where {plan.build} is" if plan.build else "where nothing is published yet"
        say(f"build: would build and test {len(plan.tables)} tables")
        say(f"publish: would publish them to {plan.place}, {there}")


def _list_changes(report: Report) -> None:
    for sign, paths in (("+", report.added), ("~", report.replaced), ("-", report.gone)):
        for path in paths:
            click.echo(f"{sign} {path}")


def _print_changes(run: Run) -> None:
    published = run.outcome.published
    if published is None:
        return
    stages = ", ".join(f"{stage} {took:.1f} s" for stage, took in run.outcome.seconds.items())
    say(
        f"{'rollback' if run.command == 'rollback' else 'publish'}: "
        f"{published.written:,} files written, {published.unchanged:,} unchanged, "
        f"{published.removed:,} removed in {published.address}{f' ({stages})' if stages else ''}"
    )

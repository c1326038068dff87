"""The stages in their order, each of which can be run alone."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from biodata_cache._core.settings.address import Address
from biodata_cache._core.settings.values import ExtractOptions
from biodata_cache._pipeline import lake as _lake
from biodata_cache._pipeline.dbt import last_build
from biodata_cache._pipeline.extract_stage import copying, run_extract
from biodata_cache._pipeline.outcome import Outcome, Plan
from biodata_cache._pipeline.project import import_extract, published_names, require
from biodata_cache._storage.open import check_root, open_storage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from biodata_cache._core.settings.values import Settings
    from biodata_cache._pipeline.dbt.build import Stage
    from biodata_cache._pipeline.dbt.staging import Shard
    from biodata_cache._pipeline.outcome import Reporter
    from biodata_cache._publish import publish as _publish


def run_sync(
    settings: Settings,
    report: Reporter,
    options: ExtractOptions | None = None,
    *,
    unit_tests: bool = False,
    selection: Sequence[str] = (),
    force: bool = False,
    outcome: Outcome | None = None,
) -> Outcome:
    """Extract, build, test and publish.

    Args:
        settings: Where everything is.
        report: Receives progress.
        options: How to extract.
        unit_tests: Whether to test the SQL itself, too.
        selection: Options of dbt that choose models; what is not built stays as it is published.
        force: Publish although the version was rolled back.
        outcome: Filled as the stages run, so that it is also available if one fails.

    Raises:
        CacheError: If a stage failed; the published cache is unchanged.
    """
    require("filelock")
    from biodata_cache._pipeline.dbt.process import check_work_name  # noqa: PLC0415

    check_root(settings)  # before an hour of work, not after it
    check_work_name(settings.work)
    _check_rollback(settings, force=force)
    outcome = run_extract(settings, report, options, outcome=outcome)
    full = options is not None and options.full
    built = run_build(settings, report, unit_tests=unit_tests, selection=selection, full=full)
    outcome.seconds |= built.seconds
    outcome.nothing_to_build = built.nothing_to_build
    outcome.by_change, outcome.faults = built.by_change, built.faults
    published = run_publish(settings, report, only_built=bool(selection), force=force, full=full)
    outcome.published = published.published
    outcome.table_seconds = {} if built.nothing_to_build else published.table_seconds
    outcome.seconds |= published.seconds
    return outcome


def run_dry_sync(
    settings: Settings,
    report: Reporter,
    options: ExtractOptions | None = None,
    *,
    outcome: Outcome | None = None,
) -> Outcome:
    """Report what a sync would extract, build and publish, without writing anything.

    Raises:
        CacheError: If the source, the lake or the root cannot be read.
    """
    check_root(settings)
    require("filelock")
    from biodata_cache._publish.snapshots.snapshot import read_published  # noqa: PLC0415

    chosen = replace(options or ExtractOptions(), dry_run=True)
    outcome = run_extract(settings, report, chosen, outcome=outcome)
    report("publish", 0, None, "looking at what is published")
    storage = open_storage(settings)
    outcome.plan = Plan(
        tables=published_names(),
        place=storage.address(settings.version_folder),
        build=read_published(storage, settings.version_folder).build or None,
    )
    return outcome


def run_build(
    settings: Settings,
    report: Reporter,
    *,
    unit_tests: bool = False,
    selection: Sequence[str] = (),
    full: bool = False,
    stage: Stage | None = None,
) -> Outcome:
    """Build the tables and test their data, and with `unit_tests` the SQL itself.

    Args:
        settings: Where everything is.
        report: Receives progress.
        unit_tests: Whether to test the SQL itself, too.
        selection: Options of dbt that choose models.
        full: Build everything, even if nothing changed since the last build.
        stage: Builds the staging of the records elsewhere.

    Raises:
        CacheError: If a model or a test failed.
    """
    require("dbt", "filelock")
    from biodata_cache._pipeline.dbt.build import build  # noqa: PLC0415  # needs the extra `sync`

    started = time.perf_counter()
    report("build", 0, None, "comparing with the last build")
    with _lake.reading(settings, copying(report)) as raw:
        _lake.check_filled(settings.raw, raw)
        built = build(
            replace(settings, raw=Address(raw)),
            partial(report, "build"),
            unit_tests=unit_tests,
            selection=selection,
            full=full,
            stage=stage,
        )
    return Outcome(
        seconds={"build": time.perf_counter() - started},
        nothing_to_build=built is None,
        by_change=built is not None and built.by_change,
        faults=[] if built is None else built.faults,
    )


def run_shard(settings: Settings, report: Reporter, shard: Shard, out: str) -> Outcome:
    """Build staging of a shard of the records, for a build that finishes elsewhere.

    Raises:
        CacheError: If a model failed, or the files cannot be stored.
    """
    require("dbt", "filelock")
    from biodata_cache._pipeline.dbt.shards import build_shard  # noqa: PLC0415  # as above

    started = time.perf_counter()
    with _lake.reading(settings, copying(report)) as raw:
        _lake.check_filled(settings.raw, raw)
        build_shard(replace(settings, raw=Address(raw)), shard, out, partial(report, "build"))
    return Outcome(seconds={"build": time.perf_counter() - started})


def run_publish(
    settings: Settings,
    report: Reporter,
    *,
    only_built: bool = False,
    force: bool = False,
    full: bool = False,
) -> Outcome:
    """Audit and promote the last build, or what it has built of the tables.

    Args:
        settings: Where everything is.
        report: Receives progress.
        only_built: Publish the tables that were built, and leave the others as they are.
        force: Publish although the version was rolled back.
        full: Read every file again, those of the build and the published ones.

    Raises:
        CacheError: If the build fails the audit, or the root cannot be written.
    """
    require("filelock", "msgspec", "pyarrow")
    from biodata_cache._publish.build.artifacts import table_seconds  # noqa: PLC0415
    from biodata_cache._publish.publish import Times, publish  # noqa: PLC0415

    started = time.perf_counter()
    report("publish", 0, None, "checking what was built")
    published = publish(
        settings,
        partial(report, "publish"),
        only_built=only_built,
        force=force,
        full=full,
        times=Times(last_reading=_last_reading(settings)),
    )
    return Outcome(
        published=published,
        seconds={"publish": time.perf_counter() - started},
        table_seconds=table_seconds(settings.work),
    )


def _last_reading(settings: Settings) -> Callable[[datetime], datetime | None]:
    """A function: when the source of the lake was last read whole before an instant.

    After a run that found nothing to build the tables are as new as that run.
    """
    import_extract()
    from extract.run_records import last_whole_reading  # noqa: PLC0415

    confirmed = last_build.confirmed_at(settings.work)

    def last_reading(before: datetime) -> datetime | None:
        latest = before if confirmed is None else max(before, confirmed)
        return last_whole_reading(_lake.local_folder(settings), _lake.RECORDS, latest)

    return last_reading


def run_dry_publish(settings: Settings) -> _publish.Report:
    """Audit the last build, and find out what publishing it would change.

    Raises:
        CacheError: If the build fails the audit, or the root cannot be read.
    """
    require("filelock")
    from biodata_cache._publish.publish import plan  # noqa: PLC0415

    return plan(settings)


def run_rollback(settings: Settings, report: Reporter, *, to: str | None = None) -> _publish.Report:
    """Restore a kept build, by default the one that was published before the live one.

    Raises:
        CacheError: If no such build is kept, or the root cannot be written.
    """
    require("filelock")
    from biodata_cache._publish.publish import rollback  # noqa: PLC0415

    return rollback(settings, partial(report, "rollback"), to=to)


def _check_rollback(settings: Settings, *, force: bool) -> None:
    """Check that the version is not rolled back, unless `force` is given."""
    from biodata_cache._publish.rollback import check_not_rolled_back  # noqa: PLC0415

    if not force:
        check_not_rolled_back(open_storage(settings), settings.version_folder)

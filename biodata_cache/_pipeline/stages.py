"""The stages in their order, each of which can be run alone."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from biodata_cache._core.settings.address import Address
from biodata_cache._core.settings.values import NO_SOURCE, ExtractOptions
from biodata_cache._pipeline import lake as _lake
from biodata_cache._pipeline.project import import_extract, published_names, require
from biodata_cache._storage.base import LEASE_SECONDS
from biodata_cache._storage.open import check_root, open_storage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from biodata_cache._core.settings.values import Settings
    from biodata_cache._publish import publish as _publish
    from extract import report as run
    from extract.objects import probes
    from extract.objects.stores import ObjectStore
    from extract.sources.base import DatabaseSource, Source


class Reporter(Protocol):
    """Receives progress of a stage."""

    def __call__(self, stage: str, done: int, total: int | None, detail: str) -> None:
        """Report progress.

        Args:
            stage: Name of the stage.
            done: Steps done.
            total: Steps in all; None if unknown.
            detail: The last step.
        """


@dataclass(frozen=True)
class Plan:
    """What a sync would do after its extract.

    Attributes:
        tables: Tables that it would build and test.
        place: Address of the version folder that it would publish to.
        build: The build that is published there now; None if none is.
    """

    tables: list[str]
    place: str
    build: str | None


@dataclass
class Outcome:
    """What the stages did.

    Attributes:
        lake: Folder of the raw lake, or of its copy on this machine.
        copied_from: Where the lake itself is; None if it is that folder.
        extracted: Report of the extract stage.
        extracted_v1: Its report on the records of version 1, if there is a source of them.
        objects: What the object store was asked; None if it was not.
        sessions: Foraging sessions that were copied; None if there is no frame of them.
        sessions_missing: Why there is none.
        upgrades: Rows of the upgrader's custom table; None if there is none.
        kept: What stays of earlier runs, as it is not there or cannot be read, a sentence each.
        published: Report of the publish stage.
        plan: What would be built and published, of a dry run.
        rejects: File of the documents that could not be used.
        seconds: Wall time by stage.
        table_seconds: Seconds that dbt took for each published table.
    """

    lake: Path | None = None
    copied_from: str | None = None
    extracted: run.Report | None = None
    extracted_v1: run.Report | None = None
    objects: probes.Report | None = None
    sessions: int | None = None
    sessions_missing: str | None = None
    upgrades: int | None = None
    kept: list[str] = field(default_factory=list)
    published: _publish.Report | None = None
    plan: Plan | None = None
    rejects: Path | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    table_seconds: dict[str, float] = field(default_factory=dict)


def run_sync(
    settings: Settings,
    report: Reporter,
    options: ExtractOptions | None = None,
    *,
    unit_tests: bool = True,
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
        force: Publish although somebody has rolled the version back.
        outcome: Filled as the stages go, for whoever wants to know of a run that failed.

    Raises:
        CacheError: A stage failed; the published cache is as it was.
    """
    check_root(settings)  # before an hour of work, not after it
    _check_rollback(settings, force=force)
    outcome = run_extract(settings, report, options, outcome=outcome)
    built = run_build(settings, report, unit_tests=unit_tests, selection=selection)
    outcome.seconds |= built.seconds
    published = run_publish(settings, report, only_built=bool(selection), force=force)
    outcome.published = published.published
    outcome.table_seconds = published.table_seconds
    outcome.seconds |= published.seconds
    return outcome


def run_dry_sync(
    settings: Settings,
    report: Reporter,
    options: ExtractOptions | None = None,
    *,
    outcome: Outcome | None = None,
) -> Outcome:
    """Count what a sync would extract, and find out what it would build and publish; touch nothing.

    Args:
        settings: Where everything is.
        report: Receives progress.
        options: How to extract.
        outcome: Filled as the stages go.

    Raises:
        CacheError: If the source, the lake or the root cannot be read.
    """
    check_root(settings)
    require("filelock")
    from biodata_cache._publish.snapshot import read_published  # noqa: PLC0415

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


def run_extract(
    settings: Settings,
    report: Reporter,
    options: ExtractOptions | None = None,
    *,
    lease: float = LEASE_SECONDS,
    outcome: Outcome | None = None,
) -> Outcome:
    """Bring the raw lake up to date.

    Args:
        settings: Where everything is.
        report: Receives progress.
        options: How to extract.
        lease: Seconds after which the lock of a lake on S3 ends if its holder was killed.
        outcome: Filled as the stage goes.

    Raises:
        CacheError: The source cannot be read, or the lake cannot be written.
        LockedError: Another extract is writing the lake.
    """
    require("msgspec", "pyarrow", "filelock")
    import_extract()
    from extract.documents.document import V1  # noqa: PLC0415
    from extract.lake.lake import Lake  # noqa: PLC0415  # it is importable from here on
    from extract.pipeline import extract, without_records  # noqa: PLC0415
    from extract.retries import Retries  # noqa: PLC0415
    from extract.sources.base import SourceOptions  # noqa: PLC0415
    from extract.sources.open import open_source  # noqa: PLC0415

    chosen = options or ExtractOptions()
    outcome = Outcome() if outcome is None else outcome
    report("extract", 0, None, f"from {settings.source}")
    wanted = SourceOptions(
        database=settings.database,
        collection=settings.collection,
        retries=Retries(ceiling=settings.retry_seconds),
        workers=settings.workers,
        salvage=chosen.salvage,
    )
    has_v1 = settings.v1_source != NO_SOURCE
    if has_v1:  # an address that cannot be read is told before hours of work
        wanted_v1 = replace(
            wanted,
            database=settings.v1_database,
            collection=settings.v1_collection,
            shape=V1,
        )
        source_v1 = open_source(settings.v1_source.reveal(), wanted_v1)
    source = open_source(settings.source.reveal(), wanted)

    def tell(stage: str, source: Source | DatabaseSource) -> Callable[[int, int], None]:
        return lambda documents, size: report(
            stage, documents, None, f"{size / 1e6:,.0f} MB from {source.description}"
        )

    def bring_up_to_date(raw: Path, save: Callable[[], None]) -> None:
        outcome.lake = raw
        outcome.copied_from = settings.raw if _lake.is_remote(settings) else None
        outcome.rejects = raw / "rejects" / f"{_lake.RECORDS}.parquet"
        outcome.extracted = extract(
            source, raw, _lake.RECORDS, tell("extract", source), chosen, save
        )
        outcome.seconds["extract"] = outcome.extracted.seconds
        save()
        if has_v1:
            report("extract v1", 0, None, f"from {source_v1.description}")
            outcome.extracted_v1 = extract(
                source_v1, raw, _lake.V1_RECORDS, tell("extract v1", source_v1), chosen, save
            )
            outcome.seconds["extract v1"] = outcome.extracted_v1.seconds
            save()

    if chosen.dry_run:
        with _lake.reading(settings, _copying(report)) as raw:
            bring_up_to_date(raw, lambda: None)
        return outcome
    with _lake.writing(settings, _copying(report), lease) as lake:
        bring_up_to_date(lake.folder, lake.save)
        if not has_v1:
            without_records(Lake(lake.folder, _lake.V1_RECORDS), source.description)
        _extract_the_rest(settings, lake, outcome, report, prune=chosen.prune)
    return outcome


def _copying(report: Reporter) -> Callable[[int, int], None]:
    """Reports how far the copying of a lake is."""
    return lambda done, total: report("lake", done, total, "files copied")


def _extract_the_rest(
    settings: Settings,
    lake: _lake.HeldLake,
    outcome: Outcome,
    report: Reporter,
    *,
    prune: bool,
) -> None:
    """Bring the lakes up to date that the records name, or that stand beside them."""
    from extract.lake.lake import Lake  # noqa: PLC0415
    from extract.lake.state import paths_of  # noqa: PLC0415
    from extract.objects import foraging, probes, upgrades  # noqa: PLC0415
    from extract.objects import object_tables as answers  # noqa: PLC0415
    from extract.objects.stores import s3_store  # noqa: PLC0415

    started, raw = time.perf_counter(), lake.folder
    report("objects", 0, None, "")

    def tell(store: ObjectStore, done: int, total: int) -> None:
        report("objects", done, total, f"from {store.description}")
        lake.save()

    with answers.locked(raw):
        probes.prepare(raw)
        foraging.folder(raw)
        published = upgrades.published_at(
            settings.root, partial(s3_store, pays=settings.requester_pays)
        )
        store = probes.open_store(
            settings.objects,
            settings.source.reveal(),
            settings.work,
            pays=settings.requester_pays,
        )
        is_sample = settings.source.kind == "sample"
        if store is None and not is_sample:
            foraging.forget_sample(raw)
        place = upgrades.in_sample(store) if store and settings.objects == "sample" else None
        outcome.upgrades, outcome.kept = upgrades.copy_upgrades(
            published,
            raw,
            sample=place,
            prune=prune,
            is_sample=is_sample,
        )
        if (missing := probes.missing_folder(settings.objects)) is not None:
            outcome.kept.append(missing)
        if store is not None:
            outcome.sessions, outcome.sessions_missing = foraging.copy_sessions(
                store, raw, prune=prune, is_sample=is_sample
            )
            outcome.objects = probes.ask(
                store,
                raw,
                paths_of(Lake(raw, _lake.RECORDS).files()),
                partial(tell, store),
                prune=prune,
                is_sample=is_sample,
            )
    outcome.seconds["objects"] = time.perf_counter() - started


def run_build(
    settings: Settings,
    report: Reporter,
    *,
    unit_tests: bool = True,
    selection: Sequence[str] = (),
) -> Outcome:
    """Build and test the tables, and the SQL itself unless `unit_tests` is false.

    Raises:
        CacheError: A model or a test failed.
    """
    require("dbt", "filelock")
    from biodata_cache._pipeline.dbt_build import build  # noqa: PLC0415  # needs the extra `sync`

    started = time.perf_counter()
    report("build", 0, None, "starting dbt")
    with _lake.reading(settings, _copying(report)) as raw:
        _lake.check_filled(settings.raw, raw)
        build(
            replace(settings, raw=Address(raw)),
            lambda done, total, name: report("build", done, total, name),
            unit_tests=unit_tests,
            selection=selection,
        )
    return Outcome(seconds={"build": time.perf_counter() - started})


def run_publish(
    settings: Settings, report: Reporter, *, only_built: bool = False, force: bool = False
) -> Outcome:
    """Audit and promote the last build, or what it has built of the tables.

    Args:
        settings: Where everything is.
        report: Receives progress.
        only_built: Publish the tables that were built, and leave the others as they are.
        force: Publish although somebody has rolled the version back.

    Raises:
        CacheError: The build is not fit to be published, or the root cannot be written.
    """
    require("filelock")
    from biodata_cache._publish.artifacts import table_seconds  # noqa: PLC0415
    from biodata_cache._publish.publish import publish  # noqa: PLC0415

    started = time.perf_counter()
    report("publish", 0, None, "checking what was built")
    published = publish(
        settings,
        lambda done, total, name: report("publish", done, total, name),
        only_built=only_built,
        force=force,
    )
    return Outcome(
        published=published,
        seconds={"publish": time.perf_counter() - started},
        table_seconds=table_seconds(settings.work),
    )


def run_dry_publish(settings: Settings) -> _publish.Report:
    """Audit the last build, and find out what publishing it would change.

    Raises:
        CacheError: The build is not fit to be published, or the root cannot be read.
    """
    require("filelock")
    from biodata_cache._publish.publish import publish  # noqa: PLC0415

    return publish(settings, dry_run=True)


def run_rollback(settings: Settings, report: Reporter, *, to: str | None = None) -> _publish.Report:
    """Put a build back: by default the one that was published before the last one.

    Raises:
        CacheError: If there is none, or the root cannot be written.
    """
    require("filelock")
    from biodata_cache._publish.publish import rollback  # noqa: PLC0415

    return rollback(
        settings, lambda done, total, name: report("rollback", done, total, name), to=to
    )


def _check_rollback(settings: Settings, *, force: bool) -> None:
    """Refuse to publish over a rollback, unless that is meant.

    Raises:
        AuditError: If the version was rolled back.
    """
    require("filelock")
    from biodata_cache._publish.rollback import check_not_rolled_back  # noqa: PLC0415

    if not force:
        check_not_rolled_back(open_storage(settings), settings.version_folder)

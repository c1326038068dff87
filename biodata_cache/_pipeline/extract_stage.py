"""The extract stage: updates the collections of the raw lake, and its other tables."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from biodata_cache._core.settings.values import NO_SOURCE, ExtractOptions
from biodata_cache._pipeline import lake as _lake
from biodata_cache._pipeline.outcome import Outcome
from biodata_cache._pipeline.project import import_extract, require
from biodata_cache._storage.base import LEASE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from biodata_cache._core.settings.address import Secret
    from biodata_cache._core.settings.values import Settings
    from biodata_cache._pipeline.outcome import Reporter
    from extract.objects.stores import ObjectStore


@dataclass(frozen=True)
class Collection:
    """One collection of records.

    Attributes:
        stage: What progress and reports call its extract.
        source: Where its records come from, or `none`.
    """

    name: str
    stage: str
    source: Secret
    database: str
    collection: str


def collections(settings: Settings) -> tuple[Collection, ...]:
    """The collections that a lake has, the one that decides what the lake is of first."""
    return (
        Collection(
            _lake.RECORDS, "extract", settings.source, settings.database, settings.collection
        ),
        Collection(
            "docdb_v1",
            "extract v1",
            settings.v1_source,
            settings.v1_database,
            settings.v1_collection,
        ),
    )


def run_extract(
    settings: Settings,
    report: Reporter,
    options: ExtractOptions | None = None,
    *,
    outcome: Outcome | None = None,
) -> Outcome:
    """Bring the raw lake up to date.

    Raises:
        CacheError: If the source cannot be read, or the lake cannot be written.
        LockedError: If another extract is writing the lake.
    """
    require("msgspec", "pyarrow", "filelock")
    import_extract()
    from extract.lake.lake import Lake  # noqa: PLC0415  # it is importable from here on
    from extract.lake.policy import Policy  # noqa: PLC0415
    from extract.pipeline import SHAPES, extract, without_records  # noqa: PLC0415
    from extract.retries import Retries  # noqa: PLC0415
    from extract.sources.base import SourceOptions  # noqa: PLC0415
    from extract.sources.open import open_source  # noqa: PLC0415

    chosen = options or ExtractOptions()
    policy = Policy(**chosen.bounds)
    outcome = Outcome() if outcome is None else outcome
    report("extract", 0, None, f"from {settings.source}")
    common = SourceOptions(
        retries=Retries(ceiling=settings.retry_seconds),
        workers=settings.workers,
        salvage=chosen.salvage,
    )
    # Fail on an unreadable address before hours of work.
    sources = {
        each: open_source(
            each.source.reveal(),
            replace(
                common, database=each.database, collection=each.collection, shape=SHAPES[each.name]
            ),
        )
        for each in collections(settings)
        if each.source != NO_SOURCE
    }

    def bring_up_to_date(raw: Path, save: Callable[[], None]) -> None:
        outcome.lake = raw
        outcome.copied_from = settings.raw if _lake.is_remote(settings) else None
        outcome.rejects = raw / "rejects"
        for each, source in sources.items():
            detail = f"from {source.description}"
            report(each.stage, 0, None, detail)
            progress = partial(_report_documents, report, each.stage, detail)
            is_first = each.name == _lake.RECORDS and settings.source.kind != "sample"
            before = partial(_forget_sample, raw) if is_first else None
            done = extract(
                source,
                raw,
                each.name,
                progress,
                chosen,
                save,
                policy=policy,
                before_takeover=before,
            )
            outcome.extracted[each.stage] = done
            outcome.seconds[each.stage] = done.seconds
            save()

    if chosen.dry_run:
        with _lake.reading(settings, copying(report)) as raw:
            bring_up_to_date(raw, lambda: None)
        return outcome
    with _lake.writing(settings, copying(report), chosen.lease or LEASE_SECONDS) as lake:
        bring_up_to_date(lake.folder, lake.save)
        for each in collections(settings):
            if each not in sources:
                description = next(iter(sources.values())).description
                without_records(Lake(lake.folder, each.name), description)
        _extract_the_rest(settings, lake, outcome, report, chosen)
    return outcome


def _forget_sample(raw: Path) -> None:
    """Remove the data of the sample from all lakes but that of the records.

    The records of another source take its place next: a run that is killed then has none of it.
    """
    from extract.lake.lake import Lake  # noqa: PLC0415  # as above
    from extract.objects import foraging, foraging_database, object_tables, probes, upgrades  # noqa: PLC0415
    from extract.pipeline import forget_sample  # noqa: PLC0415

    forget_sample(Lake(raw, "docdb_v1"))
    with object_tables.locked(raw):
        foraging.forget_sample(raw)
        foraging_database.forget_sample(raw)
        upgrades.forget_sample(raw)
        probes.forget_sample(raw)


def _report_documents(report: Reporter, stage: str, source: str, documents: int, size: int) -> None:
    report(stage, documents, None, f"{size / 1e6:,.0f} MB {source}")


def copying(report: Reporter) -> Callable[[int, int], None]:
    """Reports progress of copying a lake."""
    return lambda done, total: report("lake", done, total, "files copied")


def _extract_the_rest(
    settings: Settings,
    lake: _lake.HeldLake,
    outcome: Outcome,
    report: Reporter,
    options: ExtractOptions,
) -> None:
    """Update the lakes of objects, sessions and upgrades."""
    from extract.lake.lake import Lake  # noqa: PLC0415
    from extract.lake.state import paths_of  # noqa: PLC0415
    from extract.objects import foraging, foraging_database, object_tables, probes, upgrades  # noqa: PLC0415
    from extract.objects.stores import s3_store  # noqa: PLC0415

    started, raw = time.perf_counter(), lake.folder
    report("objects", 0, None, "")

    def report_and_save(store: ObjectStore, done: int, total: int) -> None:
        report("objects", done, total, f"from {store.description}")
        lake.save()

    with object_tables.locked(raw):
        probes.prepare(raw)
        foraging.folder(raw)
        foraging_database.prepare(raw)
        open_s3 = partial(s3_store, settings.requests)
        published = upgrades.published_at(settings.root, open_s3)
        store = probes.open_store(
            settings.objects, settings.source.reveal(), settings.work, open_s3
        )
        is_sample = settings.source.kind == "sample"
        if store is None and not is_sample:
            foraging.forget_sample(raw)
        sampled = store if settings.objects == "sample" else None
        in_sample = upgrades.in_sample(sampled) if sampled else None
        outcome.upgrades, outcome.kept = upgrades.copy_upgrades(
            published, raw, sample=in_sample, prune=options.prune, is_sample=is_sample
        )
        database = foraging_database.location_of(settings.foraging_database, open_s3)
        if database is None and sampled is not None:
            database = foraging_database.in_sample(sampled)
        if database is not None or not is_sample:  # else the sample's objects are not probed now
            outcome.kept += foraging_database.copy_database(database, raw, prune=options.prune)
        if (missing := probes.missing_folder(settings.objects)) is not None:
            outcome.kept.append(missing)
        if store is not None:
            outcome.sessions, outcome.sessions_missing = foraging.copy_sessions(
                store, raw, prune=options.prune, is_sample=is_sample
            )
            outcome.objects = probes.send(
                store,
                raw,
                paths_of(Lake(raw, _lake.RECORDS).files()),
                partial(report_and_save, store),
                prune=options.prune,
                is_sample=is_sample,
                full=options.full,
            )
    outcome.seconds["objects"] = time.perf_counter() - started

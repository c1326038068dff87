"""One extract run: compare source and lake, append new and changed records, write tombstones.

A tombstone needs a complete reading: of a source that was damaged, or held a document whose `_id`
could not be read, nothing is taken for deleted.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING

from biodata_cache._core.errors import CacheError, SourceError
from biodata_cache._core.settings.values import ExtractOptions
from extract.documents.document import V1, V2, Shape
from extract.lake import compaction
from extract.lake import rejects as _rejects
from extract.lake.folder import LIST
from extract.lake.lake import Lake
from extract.lake.rejects import RejectWriter
from extract.lake.source_files import SourceFiles
from extract.lake.state import State, database_errors
from extract.lake.writer import LakeWriter, ensure_schema
from extract.report import Report
from extract.run_records import leave_record
from extract.sources import sync_changes, sync_documents
from extract.sources.base import Comparison, DatabaseSource, is_another, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from extract.lake.policy import Policy
    from extract.report import Progress, Save
    from extract.sources.base import Source

SHAPES = {"docdb_v2": V2, "docdb_v1": V1}
SHRINK_LIMIT = 0.5
"""A source that lists less than this part of what the lake holds is taken to be broken."""
_CLOCKS_DIFFER = timedelta(minutes=5)
_LOST = (
    "what it held may not all have come again, so that no build reads this lake: mend the source "
    "(--prune accepts that files of a folder are gone), or go without it with --full"
)
_ALL_READ_NOW = "so that the lake holds what this run has read, and nothing else"


@dataclass
class _Run:
    """The shared state of one run."""

    lake: Lake
    shape: Shape
    options: ExtractOptions
    report: Report
    progress: Progress | None
    save: Save | None
    before_takeover: Callable[[], None] | None
    started_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))


def extract(
    source: Source | DatabaseSource,
    raw: Path,
    collection: str = "docdb_v2",
    progress: Progress | None = None,
    options: ExtractOptions | None = None,
    save: Save | None = None,
    policy: Policy | None = None,
    before_takeover: Callable[[], None] | None = None,
) -> Report:
    """Update the lake of one collection from a source.

    Args:
        source: Where documents come from.
        raw: Folder of the lakes.
        collection: Name of the collection in the lake, one of `SHAPES`.
        progress: Receives progress.
        options: How to run.
        save: Called when files are finished, also in a second thread; an error of it ends the run.
            What the run writes or removes last, the caller saves.
        policy: Bounds of the lake.
        before_takeover: Called before the records of another source go, once all are read that
            replace them.

    Raises:
        LockedError: If another process is writing this lake.
        SourceError: If the source cannot be read, or lists far less than the lake holds.
        LakeError: If the lake cannot be read or written.
    """
    started = time.perf_counter()
    run = _Run(
        lake=Lake(raw, collection, policy),
        shape=SHAPES[collection],
        options=options or ExtractOptions(),
        report=Report(source.description, collection),
        progress=progress,
        save=save,
        before_takeover=before_takeover,
    )
    if run.options.dry_run:
        with run.lake.state() as state:
            _bring_up_to_date(run, source, state, None, None)
        run.report.seconds = time.perf_counter() - started
        return run.report
    with run.lake.locked():
        error: str | None = "failed"
        try:
            _write(run, source)
            error = None
        except CacheError as failure:
            error = str(failure)
            raise
        except KeyboardInterrupt:
            error = "interrupted"
            raise
        finally:
            run.report.seconds = time.perf_counter() - started
            leave_record(raw, run.report, run.options, run.started_at, error)
    return run.report


def without_records(lake: Lake, source: str) -> None:
    """Leave a lake of which no source is named as it is, but for records of another kind of source.

    Models read it, with or without records; a build reads the records of one source.

    Raises:
        LockedError: If another process is writing this lake.
        LakeError: If the lake cannot be read or written.
    """
    with lake.locked():
        lake.begin_list()
        with lake.state() as state:
            is_of_another = any(kind_of(held) != kind_of(source) for held in state.sources)
            is_empty = not state.sources
        if is_of_another:
            lake.commit(remove=[file.name for file in lake.store.listed()])
        if is_of_another or is_empty:
            _rejects.forget(lake)
        ensure_schema(lake)


def forget_sample(lake: Lake) -> None:
    """Remove the records of the sample from a lake, as records of another source replace them.

    Raises:
        LockedError: If another process is writing this lake.
        LakeError: If the lake cannot be read or written.
    """
    with lake.locked():
        lake.begin_list()
        listed = lake.store.listed()
        damage = lake.store.damage(listed)
        with lake.state([file for file in listed if file.name not in damage]) as state:
            is_of_sample = any(kind_of(held) == "sample" for held in state.sources)
        if is_of_sample:
            lake.commit(remove=[file.name for file in listed])
            _rejects.forget(lake)
            ensure_schema(lake)


def _write(run: _Run, source: Source | DatabaseSource) -> None:
    """One run that writes; the caller holds the lock."""
    lake, report = run.lake, run.report
    is_list_lost = lake.begin_run(is_full=run.options.full)
    listed = lake.store.listed()
    damage = lake.store.damage(listed)
    report.damaged = [f"{lake.folder / name}: {problem}" for name, problem in damage.items()]
    rejects = RejectWriter(lake, source.description)
    report.damaged += rejects.damaged
    with lake.state([file for file in listed if file.name not in damage]) as state:
        _check_clock(report, state)
        # One source takes the place of another in one step, or not at all.
        is_takeover = any(is_another(held, source.description) for held in state.sources)
        is_sound = not (is_takeover or is_list_lost)
        is_resumable = isinstance(source, DatabaseSource) and is_sound
        writer = LakeWriter(
            lake,
            source.description,
            is_resumable=is_resumable,
            before_finish=rejects.checkpoint,
            after_finish=run.save,
        )
        try:
            _bring_up_to_date(run, source, state, writer, rejects)
            writer.close()
            rejects.close()
        except (SourceError, KeyboardInterrupt):
            rejects.abandon()
            if is_resumable:  # each row is a sound version by itself: none need be fetched again
                writer.close()
            else:
                writer.abandon()
            raise
        except BaseException:
            rejects.abandon()
            writer.abandon()
            raise
    report.rejected = rejects.count
    if run.options.full:
        replaced = [file.name for file in listed]
        if is_list_lost:
            report.damaged.append(f"{lake.folder / LIST}: it was lost, {_ALL_READ_NOW}")
    elif report.missing or report.rejected:  # what a damaged file held may not have come again
        replaced = []
        if damage:
            report.damaged.insert(0, _LOST)
    else:
        replaced = list(damage)
    if is_takeover and run.before_takeover is not None:
        run.before_takeover()
    lake.commit(add=writer.files, remove=replaced)
    ensure_schema(lake)
    if damage.keys() <= set(replaced):  # else what a damaged file holds would be taken for sound
        report.compacted = compaction.compact(lake)


def _check_clock(report: Report, state: State) -> None:
    """Report times of the lake that are in the future."""
    newest = state.newest_extract
    if newest is not None and newest > datetime.now(timezone.utc) + _CLOCKS_DIFFER:
        report.clock = (
            f"the lake has an extract of {newest:%Y-%m-%d %H:%M} UTC, which is later than now: a "
            "clock was wrong then, or is now. Runs are in order all the same; 'biodata-cache "
            "extract --full' gives each record the time of now."
        )


def _bring_up_to_date(
    run: _Run,
    source: Source | DatabaseSource,
    state: State,
    writer: LakeWriter | None,
    rejects: RejectWriter | None,
) -> None:
    """Write new and changed records, and tombstones for deleted ones."""
    comparison = Comparison(
        shape=run.shape,
        state=state,
        policy=run.lake.policy,
        writer=writer,
        rejects=rejects,
        report=run.report,
        progress=run.progress,
        is_full=run.options.full,
        check_listed=partial(_check_shrink, run, state),
    )
    files = SourceFiles(run.lake, state)
    with database_errors(run.lake.folder):
        if isinstance(source, DatabaseSource):
            sync_changes.compare(source, comparison)
        else:
            sync_documents.compare(source, comparison, files, prune=run.options.prune)
        if writer is not None:
            files.save(writer.run, is_full=run.options.full)


def _check_shrink(run: _Run, state: State, listed: int) -> None:
    """Stop if the source lists far fewer records than the lake has, or none that can be used.

    Whatever the source is called, as each night may have a file name of its own; but the sample is
    no loss, as long as anything takes its place.

    Raises:
        SourceError: If it has no usable record although it, or the lake, holds something, or lists
            less than half of the records that the lake holds.
    """
    report, held = run.report, state.live
    if run.options.allow_shrink:
        return
    is_sample = all(kind_of(source) == "sample" for source in state.sources)
    why = "; ".join(report.incomplete)[:300]
    if listed < SHRINK_LIMIT * held and not is_sample:
        raise SourceError(
            f"{report.source} lists {listed:,} records where the lake {run.lake.folder} holds "
            f"{held:,}, so it is probably broken{f' ({why})' if why else ''}: nothing was deleted. "
            "If they are gone indeed, run again with --allow-shrink."
        )
    is_emptied = held > 0 and kind_of(report.source) != "sample"
    if not listed and (is_emptied or report.rejected or report.incomplete):
        why = why or f"{report.rejected:,} documents cannot be used"
        raise SourceError(
            f"{report.source} has not one usable record ({why}): give the file or address "
            "that has, or accept that with --allow-shrink."
        )

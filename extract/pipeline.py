"""One extract run: compare source and lake, append new and changed records, write tombstones.

A tombstone needs a complete reading: of a source that was damaged, or held a document whose `_id`
could not be read, nothing is taken for deleted.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from biodata_cache._core.errors import CacheError, LakeError, SourceError
from biodata_cache._core.settings import ExtractOptions
from extract.lake import compaction
from extract.lake.documents import (
    V1,
    V2,
    Row,
    Shape,
    UnusableDocumentError,
    read_document,
    readable_id,
)
from extract.lake.folder import Folder
from extract.lake.lake import Lake, LakeWriter, RejectWriter, run_name
from extract.report import Report
from extract.sources import sync_changes as docdb
from extract.sources.base import BrokenFile, DatabaseSource, Document

if TYPE_CHECKING:
    from pathlib import Path

    from extract.lake.lake import State
    from extract.report import Progress, Save
    from extract.sources.base import Source

SHAPES = {"docdb_v2": V2, "docdb_v1": V1}
SHRINK_LIMIT = 0.5
"""A source that lists less than this part of what the lake holds is taken to be broken."""
_PROGRESS_EVERY = 200


@dataclass
class _Run:
    """What the parts of one run share."""

    lake: Lake
    shape: Shape
    options: ExtractOptions
    report: Report
    progress: Progress | None
    save: Save | None
    started_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))


def extract(
    source: Source | DatabaseSource,
    raw: Path,
    collection: str = "docdb_v2",
    progress: Progress | None = None,
    options: ExtractOptions | None = None,
    save: Save | None = None,
) -> Report:
    """Bring the lake of one collection up to date with a source.

    Args:
        source: Where documents come from.
        raw: Folder of the lakes.
        collection: Name of the collection in the lake, one of `SHAPES`.
        progress: Told how far the run is.
        options: How to run.
        save: Called when files are finished, also in a second thread; an error of it ends the run.
            What the run writes or removes last, the caller saves.

    Raises:
        LockedError: Another process is writing this lake.
        SourceError: The source cannot be read, or lists far less than the lake holds.
        LakeError: The lake cannot be read or written.
    """
    started = time.perf_counter()
    run = _Run(
        lake=Lake(raw, collection),
        shape=SHAPES[collection],
        options=options or ExtractOptions(),
        report=Report(source.description, collection),
        progress=progress,
        save=save,
    )
    if run.options.dry_run:
        _bring_up_to_date(run, source, run.lake.state(), None, None)
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
            _record(run, error)
    return run.report


def without_records(lake: Lake, source: str) -> None:
    """Leave a lake of which no source is named as it is, but for records of another kind of source.

    Models read it, with or without records; a build reads the records of one source.

    Args:
        lake: The lake.
        source: Description of the source that the lakes beside it have.

    Raises:
        LockedError: If another process is writing this lake.
        LakeError: If the lake cannot be read or written.
    """
    with lake.locked():
        if any(_kind(held) != _kind(source) for held in lake.state().sources):
            compaction.remove(lake, lake.store.names())
        lake.ensure_schema()


def _write(run: _Run, source: Source | DatabaseSource) -> None:
    """One run that writes; the caller holds the lock."""
    replaced = run.lake.store.names() if run.options.full else []
    state = run.lake.state()
    is_database = isinstance(source, DatabaseSource)
    rejects = RejectWriter(run.lake, source.description)
    writer = LakeWriter(
        run.lake,
        source.description,
        state.last_run,
        is_resumable=is_database,
        before_finish=rejects.checkpoint,
        after_finish=run.save,
    )
    try:
        _bring_up_to_date(run, source, state, writer, rejects)
        writer.close()
        rejects.close()
    except (SourceError, KeyboardInterrupt):
        rejects.abandon()
        if is_database:  # each row is a sound version by itself: none need be fetched again
            writer.close()
        else:
            writer.abandon()
        raise
    except BaseException:
        rejects.abandon()
        writer.abandon()
        raise
    run.report.rejected = rejects.count
    compaction.remove(run.lake, replaced)
    run.lake.ensure_schema()
    run.report.compacted = compaction.compact(run.lake)


def _bring_up_to_date(
    run: _Run,
    source: Source | DatabaseSource,
    state: State,
    writer: LakeWriter | None,
    rejects: RejectWriter | None,
) -> None:
    """Write what the lake does not hold, and tombstones for what the source no longer has."""
    if isinstance(source, DatabaseSource):
        docdb.compare(
            docdb.Comparison(
                source=source,
                shape=run.shape,
                state=state,
                is_full=run.options.full,
                check_listed=lambda listed: _check_shrink(run, state, listed),
            ),
            writer,
            rejects,
            run.report,
            run.progress,
        )
    else:
        _compare(run, source, state, writer, rejects)


def _check_shrink(run: _Run, state: State, listed: int) -> None:
    """Stop before a broken source empties the lake.

    Whatever the source is called, as each night may have a file name of its own; but the sample is
    no loss.

    Raises:
        SourceError: If it lists less than half of the records that the lake holds.
    """
    if all(_kind(source) == "sample" for source in state.sources):
        return
    held = len(state.living)
    if listed < SHRINK_LIMIT * held and not run.options.allow_shrink:
        raise SourceError(
            f"{run.report.source} lists {listed:,} records where the lake {run.lake.folder} holds "
            f"{held:,}, so it is probably broken: nothing was deleted. If they are gone indeed, "
            "run again with --allow-shrink."
        )


def _kind(source: str) -> str:
    """Kind of a source, such as `sample`, `file` or `mongodb`."""
    return source.partition(":")[0]


def _compare(
    run: _Run,
    source: Source,
    state: State,
    writer: LakeWriter | None,
    rejects: RejectWriter | None,
) -> None:
    """Compare by content, for a source that is read as a whole."""
    report, known = run.report, {key: value.hashes for key, value in state.living.items()}
    kept: dict[str, frozenset[str]] = {} if run.options.full else known
    seen: dict[str, frozenset[str]] = {}
    unusable: set[str] = set()
    for position, document in enumerate(source.documents()):
        row = _row(run, document, rejects)
        if row is None:
            _note_unusable(document, unusable, report)
            continue
        report.listed += 1
        hashes = frozenset((row.content_hash,))
        seen[row.record_id] = seen.get(row.record_id, frozenset()) | hashes
        if writer is not None and not hashes <= kept.get(row.record_id, frozenset()):
            writer.add(row, position)
        if run.progress is not None and position % _PROGRESS_EVERY == 0:
            run.progress(report.listed, report.bytes)
    missing = known.keys() - seen.keys()
    gone = set() if report.incomplete else missing - unusable
    report.kept = len(missing) - len(gone)
    _check_shrink(run, state, len(seen))
    if run.options.full and report.kept:
        raise SourceError(
            f"{report.source} was not read whole, and a full run would lose "
            f"{report.kept:,} records of the lake {run.lake.folder}: {'; '.join(report.incomplete)}"
            ". Mend the source, or run without --full."
        )
    if writer is not None:
        _write_whole_groups(source, run.shape, kept, seen, writer)
        for record_id in gone:
            writer.delete(record_id)
    report.new = len(seen.keys() - known.keys())
    report.deleted = len(gone)
    report.unchanged = sum(
        1 for record_id, hashes in seen.items() if known.get(record_id) == hashes
    )
    report.changed = len(seen) - report.new - report.unchanged
    if run.progress is not None:
        run.progress(report.listed, report.bytes)


def _note_unusable(document: Document | BrokenFile, unusable: set[str], report: Report) -> None:
    """Remember whose new version could not be used, or that nobody can tell whose it is."""
    if isinstance(document, BrokenFile):
        report.incomplete.append(f"{document.file}: {document.reason}")
        return
    if document.line is None:
        report.incomplete.append(f"{document.file}: the file is not JSON to its end")
        return
    record_id = readable_id(document.content)
    if record_id is None:
        report.incomplete.append(
            f"{document.file}:{document.line}: a document without a readable _id"
        )
    else:
        unusable.add(record_id)


def _row(run: _Run, document: Document | BrokenFile, rejects: RejectWriter | None) -> Row | None:
    """A document as a row; None if it cannot be one, which is noted."""
    report, row = run.report, None
    if isinstance(document, BrokenFile):
        line, content, problem = None, b"", document.reason
    else:
        line, content, problem = document.line, document.content, document.problem
        report.bytes += len(content)
    if isinstance(document, Document) and not problem:
        try:
            row = read_document(content, run.shape)
        except UnusableDocumentError as error:
            problem = str(error)
        if row is not None and document.repairs:
            report.repaired += 1
            if rejects is not None:
                rejects.repaired(f"{document.file}:{line}", document.repairs)
    if row is None:
        report.rejected += 1
        if rejects is not None:
            rejects.add(document.file, line, problem, content)
    return row


def _write_whole_groups(
    source: Source,
    shape: Shape,
    known: dict[str, frozenset[str]],
    seen: dict[str, frozenset[str]],
    writer: LakeWriter,
) -> None:
    """Write again all documents of an `_id` of which only some changed or went.

    Where a source holds several documents with one `_id`, the newest run must hold all of them,
    as the newest run decides. This is rare, and costs a second pass over the source when it is so.
    """
    mixed = {
        record_id
        for record_id, hashes in seen.items()
        if record_id in known and hashes != known[record_id] and hashes & known[record_id]
    }
    if not mixed:
        return
    for position, document in enumerate(source.documents()):
        if isinstance(document, BrokenFile) or document.problem:
            continue
        try:
            row = read_document(document.content, shape)
        except UnusableDocumentError:
            continue
        if row.record_id in mixed and row.content_hash in known[row.record_id]:
            writer.add(row, position)


def _record(run: _Run, error: str | None) -> None:
    """Leave a record of the run in the lake, for machines to read."""
    content: dict[str, Any] = asdict(run.report) | {
        "started_at": run.started_at.isoformat(),
        "outcome": "completed" if error is None else "failed",
        "error": error,
        "full": run.options.full,
        "allow_shrink": run.options.allow_shrink,
    }
    folder = Folder(run.lake.raw / "runs" / run.lake.collection)
    try:
        folder.write_text(
            f"{run_name(datetime.now(timezone.utc))}.json", json.dumps(content, indent=2) + "\n"
        )
    except LakeError:
        if error is None:  # else the failure that came first is the one to tell
            raise

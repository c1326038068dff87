"""One extract run: compare a source with the lake, append what is new, bury what is gone."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extract.files import BrokenFile
from extract.lake import Lake, LakeWriter, RejectWriter
from extract.records import UnusableDocumentError, read_document

if TYPE_CHECKING:
    from pathlib import Path

    from extract.sources import Source

Progress = Callable[[int, int], None]
"""Called now and then with the documents and the bytes read so far."""

_PROGRESS_EVERY = 200


@dataclass
class Report:
    """What one run did.

    Attributes:
        source: Where the documents came from.
        listed: Usable documents in the source.
        new: Records that the lake did not hold.
        changed: Records with other content than before.
        unchanged: Records with the same content.
        deleted: Records that the source no longer has.
        rejected: Documents that could not be used; they are kept in `raw/rejects`.
        bytes: Bytes of JSON read.
        seconds: Wall time.
    """

    source: str
    listed: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    rejected: int = 0
    bytes: int = 0
    seconds: float = 0.0


def extract(
    source: Source, raw: Path, collection: str = "docdb_v2", progress: Progress | None = None
) -> Report:
    """Bring the lake of one collection up to date with a source.

    Args:
        source: Where documents come from.
        raw: Folder of the lakes.
        collection: Name of the collection in the lake.
        progress: Told how far the run is.

    Raises:
        LockedError: Another process is writing this lake.
        SourceError: The source cannot be read.
    """
    started = time.perf_counter()
    lake = Lake(raw, collection)
    report = Report(source.description)
    with lake.locked():
        known, last_run = lake.versions()
        writer = LakeWriter(lake, source.description, last_run)
        rejects = RejectWriter(lake, source.description)
        try:
            _compare(source, known, writer, rejects, report, progress)
            writer.close()
            rejects.close()
        except BaseException:
            writer.abandon()
            rejects.abandon()
            raise
        report.rejected = rejects.count
    report.seconds = time.perf_counter() - started
    return report


def _compare(
    source: Source,
    known: dict[str, frozenset[str]],
    writer: LakeWriter,
    rejects: RejectWriter,
    report: Report,
    progress: Progress | None,
) -> None:
    """Write what the lake does not hold, and tombstones for what the source no longer has."""
    seen: dict[str, frozenset[str]] = {}
    for position, document in enumerate(source.documents()):
        if isinstance(document, BrokenFile):
            rejects.add(document.file, None, document.reason, b"")
            continue
        report.bytes += len(document.content)
        try:
            row = read_document(document.content)
        except UnusableDocumentError as error:
            rejects.add(document.file, document.line, str(error), document.content)
            continue
        report.listed += 1
        hashes = frozenset((row.content_hash,))
        seen[row.record_id] = seen.get(row.record_id, frozenset()) | hashes
        if not hashes <= known.get(row.record_id, frozenset()):
            writer.add(row, position)
        if progress is not None and position % _PROGRESS_EVERY == 0:
            progress(report.listed, report.bytes)
    _write_whole_groups(source, known, seen, writer)
    for record_id in known.keys() - seen.keys():
        writer.delete(record_id)
    report.new = len(seen.keys() - known.keys())
    report.deleted = len(known.keys() - seen.keys())
    report.unchanged = sum(
        1 for record_id, hashes in seen.items() if known.get(record_id) == hashes
    )
    report.changed = len(seen) - report.new - report.unchanged
    if progress is not None:
        progress(report.listed, report.bytes)


def _write_whole_groups(
    source: Source,
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
        if isinstance(document, BrokenFile):
            continue
        try:
            row = read_document(document.content)
        except UnusableDocumentError:
            continue
        if row.record_id in mixed and row.content_hash in known[row.record_id]:
            writer.add(row, position)

"""Sources that are read as a whole: compare their documents with the lake by content.

A tombstone needs a complete reading: of a source that was damaged, or held a document whose `_id`
could not be read, nothing is taken for deleted, nor of a folder in which a file from which records
were last read is gone or has none any more: what no other file shows may be there.

A source that replaces one of another kind writes all that it shows, so that each record says
where it is from. Nothing of the sample stays beside it; other records it replaces if read whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from biodata_cache._core.errors import SourceError
from extract.documents.document import Row, Shape, UnusableDocumentError, read_document
from extract.lake.comparison import Reading
from extract.sources.base import BrokenFile, Document, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extract.lake.source_files import SourceFiles
    from extract.lake.writer import LakeWriter
    from extract.report import Report
    from extract.sources.base import Comparison, Source


@dataclass
class _Batch:
    """A batch of documents to compare."""

    rows: list[tuple[Row, int, Document]] = field(default_factory=list)
    size: int = 0


def compare(source: Source, comparison: Comparison, files: SourceFiles, *, prune: bool) -> None:
    """Write new and changed records, and tombstones for deleted ones.

    Args:
        source: Where documents come from.
        comparison: Lake and options.
        files: Which file each record was last read from.
        prune: Accept that files are gone from a folder, with what was last read from them.

    Raises:
        SourceError: If the source has far too few records, if a full run of it would lose some, or
            if it was not read whole and another source was read before.
    """
    state, reading = comparison.state, Reading(comparison.state)
    writer, rejects, report = comparison.writer, comparison.rejects, comparison.report
    unusable: set[str] = set()
    state.execute(_OF_ANOTHER, {"kind": kind_of(source.description)})
    is_takeover = bool(state.value("select count(*) > 0 from of_another"))
    is_all_written = comparison.is_full or is_takeover
    for batch in _batches(source, comparison, unusable):
        reading.show(_written(comparison, batch, unusable, is_all_written=is_all_written))
    reading.compare()
    if rejects is not None and not is_all_written:
        rejects.keep_repairs(reading.unchanged)
    comparison.check_listed(reading.records)
    is_lake_damaged = bool(report.damaged)
    report.damaged += files.compare(source.files, is_complete=not report.incomplete, prune=prune)
    report.vanished = files.vanished(is_lake_damaged=is_lake_damaged)
    # What may be in a file that has vanished stays; so does what could not be read.
    state.execute("create or replace table unusable (_id varchar)")
    state.insert("unusable", files.table_of(unusable))
    state.execute(_DELETED, {"is_complete": not report.incomplete})
    report.deleted = int(state.value("select count(*) from deleted"))
    report.kept = int(state.value("select count(*) from compared where shown = 0"))
    report.kept -= report.deleted
    if comparison.is_full and report.kept:
        raise SourceError(
            f"{report.source} was not read whole, and a full run would lose {report.kept:,} "
            f"records: {'; '.join([*report.incomplete, *report.vanished])}. "
            "Mend the source, accept with --prune that files are gone, or run without --full."
        )
    if report.incomplete and (others := int(state.value(_KEPT_OF_ANOTHER))):
        raise SourceError(
            f"{report.source} was not read whole, so that it cannot take the place of the "
            f"{others:,} records that the lake holds of another source: "
            f"{'; '.join(report.incomplete)}. Mend the source, or give another folder with --work."
        )
    report.new, report.changed, report.unchanged = reading.counts()
    if writer is not None:
        if not is_all_written:
            _write_in_part_changed(source, comparison.shape, reading, writer)
        for (record_id,) in state.rows("select _id from deleted order by _id"):
            writer.write_tombstone(record_id)
    if comparison.progress is not None:
        comparison.progress(report.listed, report.bytes)


def _written(
    comparison: Comparison, batch: _Batch, unusable: set[str], *, is_all_written: bool
) -> Iterator[tuple[str, str, int, str]]:
    """Write what the lake does not hold; `_id`, hash, position and file of all that is usable.

    Only what is written is searched for what must be repaired.
    """
    ids = {row.record_id for row, _, _ in batch.rows}
    known = {} if is_all_written else comparison.state.known(ids)
    for skimmed, position, document in batch.rows:
        version = known.get(skimmed.record_id)
        if version is None or skimmed.content_hash not in version.hashes:
            row = _row(document, comparison)
            if row is None:
                _note_unusable(document, unusable, comparison.report)
                continue
            if comparison.writer is not None:
                comparison.writer.add(row, position)
        comparison.report.listed += 1
        yield skimmed.record_id, skimmed.content_hash, position, document.file


# Grain: one row per live record that another kind of source gave.
_OF_ANOTHER = """
create or replace table of_another as
select distinct
    live._id,
    runs.source = 'sample' or runs.source like 'sample:%' as is_sample
from live
inner join runs on live.run = runs.run
where split_part(runs.source, ':', 1) != $kind
"""
# Grain: one row per live record to which a tombstone is due.
_DELETED = """
create or replace table deleted as
select compared._id
from compared
left join unusable on compared._id = unusable._id
left join last_file on compared._id = last_file._id
left join of_another on compared._id = of_another._id
where
    compared.shown = 0
    and (
        coalesce(of_another.is_sample, false)
        or (
            $is_complete
            and unusable._id is null
            and not coalesce(last_file.is_vanished, false)
        )
    )
"""
_KEPT_OF_ANOTHER = """
select count(*)
from compared
semi join of_another on compared._id = of_another._id
anti join deleted on compared._id = deleted._id
where compared.shown = 0
"""


def _batches(source: Source, comparison: Comparison, unusable: set[str]) -> Iterator[_Batch]:
    """The usable documents, in batches that are bounded in number and size."""
    policy, report, batch = comparison.policy, comparison.report, _Batch()
    for position, document in enumerate(source.documents()):
        row = _row(document, comparison, is_skimmed=True)
        if row is None or isinstance(document, BrokenFile):
            _note_unusable(document, unusable, report)
            continue
        report.bytes += row.size
        batch.rows.append((row, position, document))
        batch.size += row.size
        if len(batch.rows) >= policy.batch_rows or batch.size >= policy.batch_bytes:
            yield batch
            batch = _Batch()
            if comparison.progress is not None:
                comparison.progress(report.listed, report.bytes)
    yield batch


def _note_unusable(document: Document | BrokenFile, unusable: set[str], report: Report) -> None:
    """Remember whose new version could not be used, or that its record is unknown."""
    if isinstance(document, BrokenFile):
        report.incomplete.append(f"{document.file}: {document.reason}")
        return
    if document.line is None:
        report.incomplete.append(f"{document.file}: the file is not JSON to its end")
        return
    record_id = document.identity[0]
    if record_id is None:
        report.incomplete.append(
            f"{document.file}:{document.line}: a document without a readable _id"
        )
    else:
        unusable.add(record_id)


def _row(
    document: Document | BrokenFile, comparison: Comparison, *, is_skimmed: bool = False
) -> Row | None:
    """Convert a document to a row; None if it was rejected."""
    row, rejects, report = None, comparison.rejects, comparison.report
    if isinstance(document, BrokenFile):
        line, content, problem = None, b"", document.reason
    else:
        line, content, problem = document.line, document.content, document.problem
    if isinstance(document, Document) and not problem:
        try:
            row = read_document(content, comparison.shape, is_skimmed=is_skimmed)
        except UnusableDocumentError as error:
            problem = str(error)
        if row is not None and row.repairs and not is_skimmed:
            report.repaired += 1
            if rejects is not None:
                rejects.repaired(row, document.file, line)
    if row is None:
        report.rejected += 1
        if rejects is not None:
            identity = document.identity if isinstance(document, Document) else (None, None)
            rejects.add(document.file, line, problem, content, identity)
    return row


def _write_in_part_changed(
    source: Source, shape: Shape, reading: Reading, writer: LakeWriter
) -> None:
    """Write again all documents of an `_id` of which only some changed or went.

    Where a source holds several documents with one `_id`, the newest run must hold all of them,
    as the newest run decides. This is rare, and costs a second pass over the source when it is so.

    Raises:
        SourceError: If the second pass finds other documents.
    """
    left = reading.in_part_changed()
    if not left:
        return
    for position, document in enumerate(source.documents()):
        if position in left and isinstance(document, Document):
            try:
                row = read_document(document.content, shape)
            except UnusableDocumentError:
                break
            if row.content_hash != left[position]:
                break
            writer.add(row, position)
            del left[position]
    if left:
        raise SourceError(f"{source.description} changed while it was read: run again.")

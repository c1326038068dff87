"""Incremental sync from a database: list, compare with the lake, fetch the differences.

The listing is small: `_id` and `_last_modified` of every document. What is new or changed is
fetched by several threads in batches of `_id`s; the main thread writes. A batch that breaks off is
requested again without what has arrived, so nothing comes twice and nothing is missed.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from biodata_cache._core.errors import SourceError
from extract.documents.document import (
    LAST_MODIFIED,
    Row,
    Shape,
    UnusableDocumentError,
    read_document,
)
from extract.documents.json_scan import identity_of
from extract.lake.comparison import Listing, Wanted
from extract.lake.state import RecordVersion
from extract.retries import Attempts, StoppedError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from extract.lake.rejects import RejectWriter
    from extract.lake.writer import LakeWriter
    from extract.report import Report
    from extract.sources.base import Comparison, DatabaseSource, Fetched

BATCH_DOCUMENTS = 100
_LISTED_AT_ONCE = 10_000
_CONFIRM = 500
_ROUNDS = 3
_PATIENCE = 0.2


def compare(source: DatabaseSource, comparison: Comparison) -> None:
    """Write new and changed records, and tombstones for deleted ones.

    Without a writer they are counted, from the listing alone.

    Raises:
        SourceError: If the database cannot be read.
    """
    writer, rejects = comparison.writer, comparison.rejects
    report, progress = comparison.report, comparison.progress
    stop = threading.Event()
    try:
        listing = _list(source, comparison, stop)
        report.listed = listing.records
        comparison.check_listed(report.listed)
        if writer is None or rejects is None:
            report.new, report.changed, report.unchanged = listing.expected()
            report.deleted = sum(1 for _ in listing.deleted())
            return
        changes = _Changes(comparison, listing, writer, rejects)
        wanted = listing.wanted(BATCH_DOCUMENTS)
        for _ in range(_ROUNDS):
            fetching = _Fetching(source, comparison, wanted, stop)
            for items in fetching.results(writer.checkpoint):
                changes.take(items)
                if progress is not None:
                    progress(changes.taken, report.bytes)
            report.retries += fetching.retries
            # What did not come was deleted meanwhile, or the response was not whole.
            listing.vanished(fetching.vanished())
            again = _confirm(source, listing, stop, report)
            if not again:
                break
            wanted = listing.wanted_of(again, BATCH_DOCUMENTS)
        else:
            raise SourceError(
                f"{source.description} lists {len(again):,} documents that it does not give, for "
                f"example {again[0]!r}: look at that one in the database, and run again."
            )
        changes.write_tombstones()
        rejects.keep_repairs(listing.unchanged)
        if progress is not None:
            progress(changes.taken, report.bytes)
    finally:
        stop.set()
        source.close()


class _Changes:
    """The changes of a run, written batch by batch."""

    def __init__(
        self, comparison: Comparison, listing: Listing, writer: LakeWriter, rejects: RejectWriter
    ) -> None:
        self._is_full = comparison.is_full
        self._state = comparison.state
        self._listing = listing
        self._writer = writer
        self._rejects = rejects
        self._report = comparison.report
        self._unusable = 0
        self.taken = 0

    def take(self, items: list[_Result]) -> None:
        """Write fetched documents that differ from the lake."""
        known = self._state.known({item.name for item in items})
        written = [
            item.row.record_id
            for item in items
            if self._is_written(item, known) and item.row is not None
        ]
        self._listing.written(written)

    def _is_written(self, item: _Result, known: dict[str, RecordVersion]) -> bool:
        report, row = self._report, item.row
        self.taken += 1
        report.bytes += item.size
        if row is None:
            report.rejected += 1
            identity = (item.wanted.text, identity_of(item.content)[1])
            self._rejects.add(item.name, None, item.problem, item.content, identity)
            # An unusable new version leaves the one that the lake holds.
            report.kept += item.name in known
            self._unusable += item.wanted.text is not None
            return False
        if row.repairs:
            report.repaired += 1
            self._rejects.repaired(row, row.record_id, None)
        version = known.get(row.record_id)
        is_same = version == RecordVersion(
            frozenset((row.content_hash,)), row.identity[LAST_MODIFIED]
        )
        if version is None:
            report.new += 1
        elif not is_same:
            report.changed += 1
        if is_same and not self._is_full:
            return False
        self._writer.add(row, item.wanted.position)
        return True

    def write_tombstones(self) -> None:
        """Write tombstones; counts records that were not fetched as unchanged."""
        report = self._report
        for text in self._listing.deleted():
            self._writer.write_tombstone(text)
            report.deleted += 1
        report.unchanged = (
            self._listing.records
            - self._listing.count_gone()
            - self._unusable
            - report.new
            - report.changed
        )


class _Result(NamedTuple):
    """One fetched document as a row, or the reason why it was rejected."""

    wanted: Wanted
    name: str
    row: Row | None
    content: bytes
    problem: str
    size: int


class _Fetching:
    """Threads that fetch batches, and the queue of their documents."""

    def __init__(
        self,
        source: DatabaseSource,
        comparison: Comparison,
        batches: Iterator[list[Wanted]],
        stop: threading.Event,
    ) -> None:
        self.retries = 0
        self._source = source
        self._shape = comparison.shape
        self._policy = comparison.policy
        self._stop = stop
        self._batches = batches
        self._batches_lock = threading.Lock()
        self._changed = threading.Condition()
        self._waiting: list[_Result] = []
        self._waiting_bytes = 0
        self._vanished: set[str] = set()
        self._error: BaseException | None = None
        self._running = self._source.workers
        for number in range(self._running):
            threading.Thread(target=self._work, name=f"fetch-{number}", daemon=True).start()

    def results(self, idle: Callable[[], None]) -> Iterator[list[_Result]]:
        """The documents as they arrive, in batches; `idle` is called while none does.

        Raises:
            SourceError: If the database cannot be read.
        """
        while True:
            with self._changed:
                # Short waits: an interrupt is noticed between them.
                self._changed.wait_for(self._is_ready, timeout=_PATIENCE)
                if self._error is not None:
                    raise self._error
                items, self._waiting = self._waiting, []
                self._waiting_bytes = 0
                self._changed.notify_all()
                is_over = not items and self._running == 0
            if items:
                yield items
            elif is_over:
                return
            idle()

    def vanished(self) -> set[str]:
        """The `_id`s that were listed, but were gone when they were requested."""
        return self._vanished

    def _is_ready(self) -> bool:
        is_full = (
            len(self._waiting) >= self._policy.batch_rows
            or self._waiting_bytes >= self._policy.batch_bytes // 2
        )
        return is_full or self._running == 0 or self._error is not None

    def _work(self) -> None:
        try:
            while not self._stop.is_set():
                with self._batches_lock:
                    batch = next(self._batches, None)
                if batch is None:
                    break
                self._fetch(batch)
        except StoppedError:
            pass
        except BaseException as error:  # noqa: BLE001  # handed to the main thread, which raises it
            with self._changed:
                self._error = self._error or error
                self._stop.set()
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _fetch(self, batch: list[Wanted]) -> None:
        """Fetch one batch, with retries."""
        missing = {_identity(entry.key): entry for entry in batch}
        attempts = Attempts(self._source.retries, self._stop)
        while True:
            try:
                for fetched in self._source.fetch([entry.key for entry in missing.values()]):
                    entry = missing.pop(_identity(fetched.key), None)
                    if entry is not None:
                        self._put(_result(entry, fetched, self._shape))
                        attempts.succeeded()
            except TransientError as error:  # noqa: PERF203  # one batch, not one document
                with self._changed:
                    self.retries += 1
                attempts.failed(error)
            else:
                break
        with self._changed:
            self._vanished |= {entry.text for entry in missing.values() if entry.text}

    def _put(self, item: _Result) -> None:
        with self._changed:
            while self._waiting_bytes > self._policy.batch_bytes and not self._stop.is_set():
                self._changed.wait(timeout=_PATIENCE)
            if self._stop.is_set():
                raise StoppedError
            self._waiting.append(item)
            self._waiting_bytes += item.size
            self._changed.notify_all()


def _identity(key: Any) -> tuple[str, str]:  # noqa: ANN401  # whatever a database has for `_id`
    """A hashable key of an `_id` of any type."""
    return type(key).__name__, repr(key)


def _result(wanted: Wanted, fetched: Fetched, shape: Shape) -> _Result:
    """Convert a document to a row, or note why it cannot be used."""
    name = wanted.text or repr(wanted.key)
    row, problem = None, fetched.problem
    if not problem:
        try:
            row = read_document(fetched.content, shape)
        except UnusableDocumentError as error:
            problem = str(error)
    if row is not None and wanted.text is None:
        problem = f"_id has the same text as that of another document: {row.record_id}"
        row = None
    content = b"" if row is not None else fetched.content
    return _Result(wanted, name, row, content, problem, len(fetched.content))


def _list(source: DatabaseSource, comparison: Comparison, stop: threading.Event) -> Listing:
    """The complete listing; each attempt starts anew, as a partial one looks like deletions."""
    attempts = Attempts(source.retries, stop)
    while True:
        listing, page = Listing(comparison.state, source.description), []
        try:
            for entry in source.list_entries():
                page.append(entry)
                if len(page) == _LISTED_AT_ONCE:
                    listing.add(page)
                    page = []
        except TransientError as error:
            comparison.report.retries += 1
            attempts.failed(error)
        else:
            if page:
                listing.add(page)
            listing.compare(is_full=comparison.is_full)
            return listing


def _confirm(
    source: DatabaseSource, listing: Listing, stop: threading.Event, report: Report
) -> list[str]:
    """Those of the records that seemed to be gone that are there after all, and were listed."""
    existing: list[str] = []
    attempts = Attempts(source.retries, stop)
    for texts in listing.gone(_CONFIRM):
        while True:
            try:
                there = source.existing(texts)
            except TransientError as error:  # noqa: PERF203  # one request each time
                report.retries += 1
                attempts.failed(error)
            else:
                attempts.succeeded()
                break
        existing += sorted(there)
    listing.there(existing)
    return listing.listed(existing)

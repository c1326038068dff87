"""Databases of records: list what is there, compare with the lake, fetch what differs.

The listing is small: `_id` and `_last_modified` of every document. What is new or changed is
fetched by several threads in batches of `_id`s; the main thread writes. A batch that breaks off is
asked for again without what has arrived, so nothing comes twice and nothing is missed.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from biodata_cache._core.errors import SourceError
from extract.lake.documents import STAMP, Row, Shape, UnusableDocumentError, read_document
from extract.retries import Attempts, StoppedError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from extract.lake.lake import LakeWriter, RejectWriter, State
    from extract.report import Report
    from extract.sources.base import DatabaseSource, Entry, Fetched

__all__ = ["Comparison", "compare"]

BATCH_DOCUMENTS = 100
PENDING_BYTES = 32 * 2**20
"""Fetched bytes that may wait for the writer."""
_CONFIRM = 500
_ROUNDS = 3
_PATIENCE = 0.2
_PROGRESS_EVERY = 200


@dataclass(frozen=True)
class Comparison:
    """What is compared with what.

    Attributes:
        source: Where documents come from.
        shape: What they are like.
        state: What the lake holds.
        is_full: Fetch what has not changed, too.
        check_listed: Stops the run if the listing is much too short.
    """

    source: DatabaseSource
    shape: Shape
    state: State
    is_full: bool
    check_listed: Callable[[int], None]


def compare(
    comparison: Comparison,
    writer: LakeWriter | None,
    rejects: RejectWriter | None,
    report: Report,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Write what the lake does not hold, and tombstones for what the database no longer has.

    Args:
        comparison: What is compared with what.
        writer: Takes the rows; None only counts, from the listing alone.
        rejects: Takes what is unusable; None where `writer` is.
        report: Counts what happens.
        progress: Told how far the run is.

    Raises:
        SourceError: The database cannot be read.
    """
    source, living = comparison.source, comparison.state.living
    stop = threading.Event()
    try:
        entries = _list(source, stop, report)
        places = {entry.text: place for place, entry in enumerate(entries) if entry.text}
        report.listed = len(places)
        comparison.check_listed(len(places))
        changes = _Changes(comparison, writer, rejects, report, places)
        wanted = [entry for entry in entries if changes.is_wanted(entry)]
        if writer is None or rejects is None:
            changes.count(wanted)
            return
        gone = {text for text in living if text not in places}
        for _ in range(_ROUNDS):
            fetching = _Fetching(source, comparison.shape, wanted, stop)
            for item in fetching.results(writer.checkpoint):
                changes.take(item, rejects, writer)
                if progress is not None and changes.taken % _PROGRESS_EVERY == 0:
                    progress(changes.taken, report.bytes)
            report.retries += fetching.retries
            # What did not come was deleted meanwhile, or the answer was not whole.
            gone |= fetching.vanished()
            there = _confirm(source, sorted(gone), stop, report)
            gone -= there
            wanted = [entries[places[text]] for text in sorted(there) if text in places]
            if not wanted:
                break
        else:
            raise SourceError(
                f"{source.description} lists {len(wanted):,} documents that it does not give, for "
                f"example {wanted[0].text!r}: look at that one in the database, and run again."
            )
        changes.bury(gone, writer)
        rejects.keep_repairs(changes.is_unchanged)
        if progress is not None:
            progress(changes.taken, report.bytes)
    finally:
        stop.set()
        source.close()


class _Changes:
    """What a run found, record by record."""

    def __init__(
        self,
        comparison: Comparison,
        writer: LakeWriter | None,
        rejects: RejectWriter | None,
        report: Report,
        places: dict[str, int],
    ) -> None:
        self._comparison = comparison
        self._writer = writer
        self._rejects = rejects
        self._report = report
        self._places = places
        self._living = comparison.state.living
        self._touched: set[str] = set()
        self._unusable = 0
        self.taken = 0

    def is_wanted(self, entry: Entry) -> bool:
        """Whether the document must be fetched to know what the lake should hold."""
        if self._comparison.is_full or entry.text is None:
            return True
        known = self._living.get(entry.text)
        return known is None or entry.stamp is None or entry.stamp != known.stamp

    def is_unchanged(self, text: str) -> bool:
        """Whether the lake's version of a record from earlier runs still holds."""
        return text in self._places and text in self._living and text not in self._touched

    def count(self, wanted: list[Entry]) -> None:
        """Count what would be done, as far as the listing tells."""
        report, living = self._report, self._living
        texts = {entry.text: entry.stamp for entry in wanted if entry.text}
        report.new = sum(1 for text in texts if text not in living)
        report.changed = sum(
            1
            for text, stamp in texts.items()
            if text in living and stamp is not None and stamp != living[text].stamp
        )
        report.deleted = sum(1 for text in living if text not in self._places)
        report.unchanged = len(self._places) - report.new - report.changed

    def take(self, item: _Result, rejects: RejectWriter, writer: LakeWriter) -> None:
        """Write one fetched document, unless the lake holds just this."""
        report = self._report
        self.taken += 1
        report.bytes += item.size
        if item.row is None:
            report.rejected += 1
            rejects.add(item.name, None, item.problem, item.content)
            # An unusable new version leaves the one that the lake holds.
            if item.name in self._living:
                report.kept += 1
            self._unusable += item.name in self._places
            return
        row = item.row
        if item.repairs:
            report.repaired += 1
            rejects.repaired(row.record_id, item.repairs)
        known = self._living.get(row.record_id)
        is_same = (
            known is not None
            and known.hashes == {row.content_hash}
            and known.stamp == row.identity[STAMP]
        )
        if known is None:
            report.new += 1
        elif not is_same:
            report.changed += 1
        if not is_same or self._comparison.is_full:
            self._touched.add(row.record_id)
            writer.add(row, self._places.get(row.record_id, 0))

    def bury(self, gone: set[str], writer: LakeWriter) -> None:
        """Write tombstones; counts what nobody looked at as unchanged."""
        for text in sorted(gone & self._living.keys()):
            writer.delete(text)
            self._report.deleted += 1
        self._report.unchanged = (
            len(self._places)
            - len(gone & self._places.keys())
            - self._unusable
            - self._report.new
            - self._report.changed
        )


class _Result(NamedTuple):
    """One fetched document as a row, or the reason why it cannot be one."""

    name: str
    row: Row | None
    content: bytes
    problem: str
    repairs: str
    size: int


class _Fetching:
    """Threads that fetch batches, and the line in which their documents wait."""

    def __init__(
        self,
        source: DatabaseSource,
        shape: Shape,
        wanted: list[Entry],
        stop: threading.Event,
    ) -> None:
        self.retries = 0
        self._source = source
        self._shape = shape
        self._stop = stop
        self._batches = deque(
            wanted[start : start + BATCH_DOCUMENTS]
            for start in range(0, len(wanted), BATCH_DOCUMENTS)
        )
        self._changed = threading.Condition()
        self._waiting: deque[_Result] = deque()
        self._waiting_bytes = 0
        self._vanished: set[str] = set()
        self._error: BaseException | None = None
        self._running = min(source.workers, len(self._batches))
        for number in range(self._running):
            threading.Thread(target=self._work, name=f"fetch-{number}", daemon=True).start()

    def results(self, idle: Callable[[], None]) -> Iterator[_Result]:
        """The documents as they arrive; `idle` is called while none does.

        Raises:
            SourceError: The database cannot be read.
        """
        while True:
            with self._changed:
                # Short waits: an interrupt is noticed between them.
                self._changed.wait_for(self._is_ready, timeout=_PATIENCE)
                if self._error is not None:
                    raise self._error
                items, self._waiting = self._waiting, deque()
                self._waiting_bytes = 0
                self._changed.notify_all()
                is_over = not items and self._running == 0
            yield from items
            if is_over:
                return
            if not items:
                idle()

    def vanished(self) -> set[str]:
        """The `_id`s that were listed, but were gone when they were asked for."""
        return self._vanished

    def _is_ready(self) -> bool:
        return bool(self._waiting) or self._running == 0 or self._error is not None

    def _work(self) -> None:
        try:
            while not self._stop.is_set():
                with self._changed:
                    if not self._batches:
                        break
                    batch = self._batches.popleft()
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

    def _fetch(self, batch: list[Entry]) -> None:
        """Fetch one batch, in as many attempts as it takes."""
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
            while self._waiting_bytes > PENDING_BYTES and not self._stop.is_set():
                self._changed.wait(timeout=_PATIENCE)
            if self._stop.is_set():
                raise StoppedError
            self._waiting.append(item)
            self._waiting_bytes += item.size
            self._changed.notify_all()


def _identity(key: Any) -> tuple[str, str]:  # noqa: ANN401  # whatever a database has for `_id`
    """What tells `_id`s apart, for kinds of values that are not hashable, too."""
    return type(key).__name__, repr(key)


def _result(entry: Entry, fetched: Fetched, shape: Shape) -> _Result:
    """A document as a row, if it can be one."""
    name = entry.text or repr(entry.key)
    row, problem = None, fetched.problem
    if not problem:
        try:
            row = read_document(fetched.content, shape)
        except UnusableDocumentError as error:
            problem = str(error)
    if row is not None and entry.text is None:
        problem = f"_id has the same text as that of another document: {row.record_id}"
        row = None
    content = b"" if row is not None else fetched.content
    return _Result(name, row, content, problem, fetched.repairs, len(fetched.content))


def _list(source: DatabaseSource, stop: threading.Event, report: Report) -> list[Entry]:
    """The listing, from its beginning in each attempt: half of one would look like deletions."""
    attempts = Attempts(source.retries, stop)
    while True:
        entries: list[Entry] = []
        seen: set[str] = set()
        try:
            for entry in source.list_entries():
                # A second document with the same text cannot be a record of its own.
                is_known = entry.text is not None and entry.text in seen
                entries.append(entry._replace(text=None) if is_known else entry)
                if entry.text is not None:
                    seen.add(entry.text)
        except TransientError as error:
            report.retries += 1
            attempts.failed(error)
        else:
            return entries


def _confirm(
    source: DatabaseSource, texts: list[str], stop: threading.Event, report: Report
) -> set[str]:
    """Those of the `_id`s that are there after all."""
    found: set[str] = set()
    attempts = Attempts(source.retries, stop)
    start = 0
    while start < len(texts):
        try:
            found |= source.existing(texts[start : start + _CONFIRM])
        except TransientError as error:  # noqa: PERF203  # one request each time
            report.retries += 1
            attempts.failed(error)
        else:
            start += _CONFIRM
            attempts.succeeded()
    return found

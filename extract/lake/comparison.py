"""Compares a source with the lake: loads its listing into tables and queries differences."""

from __future__ import annotations

import pickle
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from biodata_cache._core.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from extract.lake.state import State

_FIRST_CHECK = 100_000
"""Documents listed before it is first checked that none was listed twice; then at each doubling."""


class Counts(NamedTuple):
    """Records of a source, compared with those of the lake."""

    new: int
    changed: int
    unchanged: int


class Reading:
    """A source that is read as a whole: the content of each of its documents.

    Args:
        state: What the lake holds.
    """

    def __init__(self, state: State) -> None:
        """Creates the table of documents that were read."""
        self._state = state
        self._rows: list[tuple[str, str, int, str | None]] = []
        state.execute(_SHOWN)

    def show(self, rows: Iterable[tuple[str, str, int, str | None]]) -> None:
        """Add documents: `_id`, content hash, position in the source, and file of a folder."""
        columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
        types = (pa.string(), pa.string(), pa.int64(), pa.string())
        arrays = [pa.array(list(c), t) for c, t in zip(columns, types, strict=True)]
        names = ("_id", "content_hash", "position", "file")
        self._state.insert("shown", pa.table(dict(zip(names, arrays, strict=True))))

    def compare(self) -> None:
        """Compare all added documents with the lake; call it once, at the end."""
        self._state.execute(_COMPARED)

    @property
    def records(self) -> int:
        """Number of records in the source."""
        return int(self._state.value("select count(*) from compared where shown > 0"))

    def counts(self) -> Counts:
        """Numbers of new, changed and unchanged records."""
        return Counts(*next(self._state.rows(_COUNTS)))

    def unchanged(self, texts: list[str]) -> set[str]:
        """Those of the given records that are the same in source and lake."""
        return {text for (text,) in self._state.rows_of(texts, _AS_HELD)}

    def in_part_changed(self) -> dict[int, str]:
        """Positions of documents that did not change while others of the same `_id` did; hashes."""
        return dict(self._state.rows(_IN_PART_CHANGED))


_SHOWN = """
create or replace table shown (_id varchar, content_hash varchar, position bigint, file varchar)
"""
# Grain: one row per record of the lake or of the source.
_COMPARED = """
create or replace table compared as
with version as (
    select distinct _id, content_hash from shown
)
select
    coalesce(live._id, version._id) as _id,
    count(live._id) as held,
    count(version._id) as shown,
    count(*) filter (where live._id is not null and version._id is not null) as same
from live
full join version
    on live._id = version._id and live.content_hash = version.content_hash
group by all
"""
_COUNTS = """
select
    count(*) filter (where held = 0),
    count(*) filter (where held > 0 and (held != same or shown != same)),
    count(*) filter (where held = same and shown = same)
from compared
where shown > 0
"""
_AS_HELD = """
select distinct requested.text
from requested
inner join compared on requested.text = compared._id
where compared.held = compared.same and compared.shown = compared.same
"""
_IN_PART_CHANGED = """
select shown.position, shown.content_hash
from shown
inner join compared on shown._id = compared._id
inner join live on shown._id = live._id and shown.content_hash = live.content_hash
where compared.same > 0 and (compared.held != compared.same or compared.shown != compared.same)
"""


class Wanted(NamedTuple):
    """A document to fetch.

    Attributes:
        key: `_id` as the database has it.
        text: `_id` as text; None if it cannot be the `_id` of a record.
    """

    position: int
    key: Any
    text: str | None
    last_modified: str | None


class Listing:
    """What a database lists: `_id` and `_last_modified` of every document.

    Args:
        state: What the lake holds.
        source: Description of the database.
    """

    def __init__(self, state: State, source: str) -> None:
        """Makes an empty table."""
        self._state = state
        self._source = source
        self._count = 0
        self._next_check = _FIRST_CHECK
        state.execute(_LISTED)

    def add(self, entries: Iterable[tuple[Any, str | None, str | None]]) -> None:
        """Add documents in their order: key, `_id` as text, `_last_modified` as text."""
        keys, texts, stamps = zip(*entries, strict=True)
        first, self._count = self._count, self._count + len(keys)
        pickled = [
            None if key == text else pickle.dumps(key)
            for key, text in zip(keys, texts, strict=True)
        ]
        table = pa.table(
            {
                "position": pa.array(range(first, self._count), pa.int64()),
                "text": pa.array(texts, pa.string()),
                "last_modified": pa.array(stamps, pa.string()),
                "key": pa.array(pickled, pa.binary()),
            }
        )
        self._state.insert("listed", table)
        if self._count >= self._next_check:  # a listing without end must not fill the disk
            self._next_check = 2 * self._count
            self._check_unique()

    def _check_unique(self) -> None:
        """Check that each document is listed once."""
        for (text,) in self._state.rows(_LISTED_TWICE):
            raise SourceError(
                f"{self._source} lists the document {text!r} more than once, so nobody can tell "
                "what it leaves out: report it to whoever runs it, and run again later."
            )

    def compare(self, *, is_full: bool) -> None:
        """Compare the listing with the lake: documents to fetch, and deleted records.

        Args:
            is_full: Fetch unchanged documents, too.

        Raises:
            SourceError: If a document is listed twice.
        """
        self._check_unique()
        self._state.execute(_ENTRIES)
        self._state.execute(_WANTED, {"is_full": is_full})
        self._state.execute(_GONE)
        self._state.execute(_WRITTEN)

    @property
    def records(self) -> int:
        """Records that the database has."""
        return int(self._state.value("select count(text) from entry"))

    def expected(self) -> Counts:
        """The expected counts, according to the listing."""
        new, changed = next(self._state.rows(_EXPECTED))
        return Counts(new, changed, self.records - new - changed)

    def wanted(self, size: int) -> Iterator[list[Wanted]]:
        """Documents to fetch, in batches."""
        query = "select position, key, text, last_modified, key_text from wanted order by position"
        yield from _batches(self._state.rows(query), size)

    def wanted_of(self, texts: Iterable[str], size: int) -> Iterator[list[Wanted]]:
        """The given documents once more, in batches."""
        yield from _batches(self._state.rows_of(list(texts), _WANTED_OF), size)

    def vanished(self, texts: Iterable[str]) -> None:
        """Mark records that were listed but not returned by the fetch."""
        self._state.insert("gone", pa.table({"text": pa.array(list(texts), pa.string())}))

    def gone(self, size: int) -> Iterator[list[str]]:
        """Records that are gone, so far, in batches."""
        rows = self._state.rows("select distinct text from gone order by text")
        while batch := [text for (text,) in islice(rows, size)]:
            yield batch

    def there(self, texts: Iterable[str]) -> None:
        """Mark records as existing after all."""
        self._state.rows_of(list(texts), "delete from gone where text in (from requested)")

    def listed(self, texts: list[str]) -> list[str]:
        """Those of the given records that are listed."""
        return [text for (text,) in self._state.rows_of(texts, _LISTED_OF)]

    def deleted(self) -> Iterator[str]:
        """Live records that are gone."""
        for (text,) in self._state.rows(_DELETED):
            yield text

    def count_gone(self) -> int:
        """Records that were listed and are gone."""
        return int(self._state.value(_COUNT_GONE))

    def written(self, texts: Iterable[str]) -> None:
        """Mark records of which a new version was written."""
        self._state.insert("written", pa.table({"text": pa.array(list(texts), pa.string())}))

    def unchanged(self, texts: list[str]) -> set[str]:
        """Those of some records of which the lake's version still holds."""
        return {text for (text,) in self._state.rows_of(texts, _UNCHANGED)}


def _batches(rows: Iterable[tuple[Any, ...]], size: int) -> Iterator[list[Wanted]]:
    documents = (
        # Safe: this process pickled the key itself.
        Wanted(position, key_text if key is None else pickle.loads(key), text, last_modified)  # noqa: S301
        for position, key, text, last_modified, key_text in rows
    )
    while batch := list(islice(documents, size)):
        yield batch


_LISTED = """
create or replace table listed (position bigint, text varchar, last_modified varchar, key blob)
"""
# Two documents may have the same text, but not the same key.
_LISTED_TWICE = """
select text
from listed
where text is not null
group by text, key
having count(*) > 1
limit 1
"""
# A second document with the same text cannot be a record of its own; its key must not be lost.
_ENTRIES = """
create or replace table entry as
select
    position,
    case
        when text is null or position = min(position) over (partition by text) then text
    end as text,
    last_modified,
    key,
    text as key_text
from listed
"""
_WANTED = """
create or replace table wanted as
select * from entry
where $is_full or text is null or last_modified is null
union all
select entry.*
from entry
anti join live on entry.text = live._id and entry.last_modified = live.last_modified
where not $is_full and entry.text is not null and entry.last_modified is not null
"""
_GONE = """
create or replace table gone as
select distinct live._id as text
from live
anti join entry on live._id = entry.text
"""
_WRITTEN = "create or replace table written (text varchar)"
_EXPECTED = """
select
    count(*) filter (where not is_known),
    count(*) filter (where is_known and last_modified is not null)
from (
    select
        last_modified,
        text in (select _id from live) as is_known
    from wanted
    where text is not null
)
"""
_WANTED_OF = """
select position, key, text, last_modified, key_text
from entry
semi join requested on entry.text = requested.text
order by entry.position
"""
_LISTED_OF = """
select distinct text
from requested
semi join entry on requested.text = entry.text
order by text
"""
_DELETED = """
select distinct gone.text
from gone
semi join live on gone.text = live._id
order by gone.text
"""
_COUNT_GONE = """
select count(distinct gone.text)
from gone
semi join entry on gone.text = entry.text
"""
_UNCHANGED = """
select distinct requested.text
from requested
semi join entry on requested.text = entry.text
semi join live on requested.text = live._id
anti join written on requested.text = written.text
"""

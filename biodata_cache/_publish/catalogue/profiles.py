"""What the pages show of rows, kept as an object that the registry names.

It is a parquet file of one row for each table, and one for the page of quality control. Each row
names what it was made from, so that the next publish takes over what did not change.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb

from biodata_cache._core import layout as _layout
from biodata_cache._core.errors import AuditError
from biodata_cache._core.foreign import NotJsonError, json_value
from biodata_cache._core.sqltext import literal, pattern_of
from biodata_cache._publish.catalogue.quality import TABLES, quality
from biodata_cache._publish.catalogue.statistics import profile
from biodata_cache._publish.scratch import parquet_bytes, temporary_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from biodata_cache._core.registry.entries import CacheRegistry, ObjectFile, TableEntry
    from biodata_cache._publish.snapshots.snapshot import Source
    from biodata_cache._storage.base import Storage

_FORM = "1"
"""To be changed with the content, so that what an older publisher computed is computed again."""
_QUALITY, _LINEAGE = "page: quality control", "page: lineage"
"""Rows that are not of a table: no table has such a name."""


class Profile(NamedTuple):
    """One row of the object.

    Attributes:
        name: Name of the table, or of the page.
        source: Hash of what it was made from.
    """

    name: str
    source: str
    content: str


class Profiles:
    """What is known of the rows of a build."""

    def __init__(self, rows: Iterable[Profile] = ()) -> None:
        """Takes the rows of the object."""
        self._rows = {row.name: row for row in rows}

    def table(self, name: str) -> dict[str, Any]:
        """Statistics, first rows and months of a table; empty if they are not known."""
        return self._content(name)

    @property
    def quality(self) -> dict[str, Any]:
        """What the page of quality control shows; empty if it is not known."""
        return self._content(_QUALITY)

    @property
    def lineage(self) -> dict[str, list[str]]:
        """What each model is made from directly."""
        return self._content(_LINEAGE)

    def row(self, name: str, source: str) -> Profile | None:
        """The row of this name, if it was made from this."""
        known = self._rows.get(name)
        return known if known is not None and known.source == source else None

    def _content(self, name: str) -> dict[str, Any]:
        row = self._rows.get(name)
        if row is None:
            return {}
        try:
            content = json_value(row.content)
        except NotJsonError:
            return {}
        return content if isinstance(content, dict) else {}


def profiles(
    tables: Sequence[TableEntry],
    lineage: Mapping[str, Sequence[str]],
    local: Mapping[str, Source],
    known: Profiles,
) -> bytes:
    """The object of a build; the same tables give the same bytes.

    Args:
        tables: Entries of the tables.
        lineage: What each model is made from directly.
        local: Objects at hand, by name. A table whose objects are neither at hand nor known is left
            out.
        known: Those of the build before.

    Raises:
        AuditError: If an object cannot be read.
    """
    rows = [Profile(_LINEAGE, "", _json(lineage))]
    entries = {entry.name: entry for entry in tables}
    # Of two threads one would mostly wait for the other: for many small steps it asks for work.
    with duckdb.connect(config={"threads": 1}) as duck, temporary_folder() as spill:
        duck.execute("set TimeZone = 'UTC'")
        duck.execute(f"set temp_directory = {literal(spill)}")

        def add(name: str, of: list[TableEntry], make: Callable[[], dict[str, Any]]) -> None:
            names = [each.name for entry in of for each in entry.objects]
            source = hashlib.sha256("\n".join([_FORM, *names]).encode()).hexdigest()
            row = known.row(name, source)
            if row is None and all(isinstance(local.get(each), Path) for each in names):
                row = Profile(name, source, _json(make()))
            rows.extend([] if row is None else [row])

        def paths(entry: TableEntry) -> list[Path]:
            return [Path(str(local[each.name])) for each in entry.objects]

        for entry in tables:
            if entry.objects and all(column.type for column in entry.columns):
                try:
                    add(
                        entry.name,
                        [entry],
                        lambda entry=entry: profile(duck, paths(entry), entry.columns),  # type: ignore[misc]
                    )
                except duckdb.Error as error:
                    raise AuditError(
                        f"The rows of table {entry.name!r} cannot be counted ({error}): "
                        "build again."
                    ) from None
        checked = [entries[name] for name in TABLES if name in entries]
        if len(checked) == len(TABLES) and all(entry.objects for entry in checked):
            add(
                _QUALITY,
                checked,
                lambda: quality(duck, {entry.name: paths(entry) for entry in checked}),
            )
    return parquet_bytes(sorted(rows), dict.fromkeys(Profile._fields, "varchar"))


def read(storage: Storage, listed: ObjectFile | None) -> Profiles:
    """Read the object that a registry names; nothing is known if it is missing or damaged.

    No reader depends on it: the pages then show less.
    """
    if listed is None:
        return Profiles()
    with temporary_folder() as folder:
        target = Path(folder) / "profiles.pqt"
        if not storage.download(_layout.object_path(listed.name), target, sha256=listed.sha256):
            return Profiles()
        return decoded(target)


def of_build(storage: Storage, registry: CacheRegistry, local: Mapping[str, Source]) -> Profiles:
    """The profiles of a build, of which objects are at hand or in the root."""
    listed = registry.profiles
    content = None if listed is None else local.get(listed.name)
    if not isinstance(content, bytes):
        return read(storage, listed)
    with temporary_folder() as folder:
        target = Path(folder) / "profiles.pqt"
        target.write_bytes(content)
        return decoded(target)


def decoded(content: Path) -> Profiles:
    """The profiles of a file; none if it is damaged or of another form."""
    columns = ", ".join(f"{each}::varchar" for each in Profile._fields)
    query = f"select {columns} from read_parquet(?)"
    with duckdb.connect() as duck:
        try:
            rows = duck.execute(query, [pattern_of(str(content))]).fetchall()
        except (duckdb.Error, UnicodeDecodeError):
            return Profiles()
    return Profiles(Profile(*row) for row in rows if None not in row)


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))

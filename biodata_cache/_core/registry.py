"""The published registry as objects, checked while it is read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from biodata_cache._core import display as _display
from biodata_cache._core import messages as _messages
from biodata_cache._core.errors import RegistryError, TableNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

REMEDY = "Publish this version again, or copy it again from where it was published."
TABLE_TYPES = ("metadata", "asset", "event", "realtime", "platform")


@dataclass(frozen=True)
class ColumnEntry:
    """One column of a table.

    Attributes:
        name: Name in the file.
        description: What the column holds.
        type: DuckDB type, for example `VARCHAR[]`; None if the publisher did not say.
    """

    name: str
    description: str = ""
    type: str | None = None


@dataclass(frozen=True)
class PartitionEntry:
    """One partition of a table.

    Attributes:
        value: Value of the partition key, as it stands in the column.
        rows: Number of rows.
        bytes: Size of the file.
        sha256: Checksum of the file.
    """

    value: str
    rows: int | None = None
    bytes: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class TableEntry:
    """What the registry says about one table; what an older publisher left out is None or empty.

    Attributes:
        name: Name of the table.
        description: What one row stands for, and what to look out for.
        location: Where it was published: a file, or the folder of its partitions.
        partitioned: Whether it is one file per value of a key.
        partition_key: Column of that key; None if the table is not partitioned.
        type: One of `metadata`, `asset`, `event`, `realtime`, `platform`.
        columns: Its columns in order.
        row_count: Number of rows.
        bytes: Size of the files together.
        files: Number of files.
        sha256: Checksum of the data.
        built_at: When it was built, as ISO text.
        build_id: The build it comes from.
        primary_key: Columns that tell its rows apart.
        sort_order: Columns its rows are sorted by.
        partitions: Its partitions; None if it has no partitions or they are not listed.
    """

    name: str
    description: str
    location: str
    partitioned: bool
    partition_key: str | None
    type: str
    columns: tuple[ColumnEntry, ...]
    row_count: int | None = None
    bytes: int | None = None
    files: int | None = None
    sha256: str | None = None
    built_at: str | None = None
    build_id: str | None = None
    primary_key: tuple[str, ...] = ()
    sort_order: tuple[str, ...] = ()
    partitions: tuple[PartitionEntry, ...] | None = None

    def __repr__(self) -> str:
        return _display.table_text(self)

    def _repr_html_(self) -> str:
        return _display.table_html(self)


@dataclass(frozen=True, kw_only=True, repr=False)
class TableInfo(TableEntry):
    """What there is to know about one table of the version that is read; made by `table_info`.

    In a terminal and in a notebook it shows itself: texts and types of the columns, number of rows,
    size, freshness, partitions. `location` is the place that it is read from.

    Attributes:
        version: Version folder that is read.
    """

    version: str


@dataclass(frozen=True, repr=False)
class CacheRegistry:
    """The tables of one published version, in the order of the registry.

    In a terminal and in a notebook it shows itself as a list of them.

    Attributes:
        tables: One entry per table.

    Example:
        >>> basics = TableEntry(
        ...     name="asset_basics", description="", location="asset_basics.pqt",
        ...     partitioned=False, partition_key=None, type="metadata", columns=(),
        ... )
        >>> registry = CacheRegistry((basics,))
        >>> "asset_basics" in registry
        True
        >>> registry["asset_basics"].location
        'asset_basics.pqt'
    """

    tables: tuple[TableEntry, ...]

    def __repr__(self) -> str:
        return _display.registry_text(self)

    def _repr_html_(self) -> str:
        return _display.registry_html(self)

    @property
    def names(self) -> list[str]:
        """Names of the tables."""
        return [table.name for table in self.tables]

    def __iter__(self) -> Iterator[TableEntry]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __getitem__(self, name: str) -> TableEntry:
        """The entry of the table of this name.

        Raises:
            TableNotFoundError: There is no such table.
        """
        for table in self.tables:
            if table.name == name:
                return table
        raise TableNotFoundError(
            f"The published cache has no table {name!r}."
            f"{_messages.nearest(str(name), self.names)} It has {', '.join(self.names) or 'none'}."
        )


def parse(text: str, source: str) -> CacheRegistry:
    """The registry that a text holds.

    Args:
        text: JSON text: an object with the key `tables`.
        source: What to call the text in messages, usually its path.

    Raises:
        RegistryError: The text is not a registry; says which entry and which key.

    Example:
        >>> parse('{"tables": []}', "cache_registry.json").names
        []
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise RegistryError(f"{source} is not JSON ({error}). {REMEDY}") from error
    tables = tuple(_table(item) for item in _Item.of(document, source).items("tables"))
    names = [table.name for table in tables]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RegistryError(f"{source}: more than one entry for {', '.join(twice)}. {REMEDY}")
    return CacheRegistry(tables)


@dataclass(frozen=True)
class _Item:
    """One JSON object of the registry, and what to call it in messages."""

    values: dict[str, object]
    label: str

    @classmethod
    def of(cls, value: object, label: str) -> _Item:
        """The item that a JSON value stands for.

        Raises:
            RegistryError: The value is not an object.
        """
        if not isinstance(value, dict):
            raise RegistryError(f"{label}: it must be an object, not {_shown(value)}. {REMEDY}")
        name = value.get("name")
        return cls(value, f"{label} ({name})" if isinstance(name, str) else label)

    def wrong(self, key: str, what: str) -> RegistryError:
        """The error for a key whose value is not what it must be."""
        found = _shown(self.values[key]) if key in self.values else "missing"
        return RegistryError(f"{self.label}: key {key!r} must be {what}; it is {found}. {REMEDY}")

    def text(self, key: str) -> str:
        """A text that must be there."""
        value = self.values.get(key)
        if not isinstance(value, str):
            raise self.wrong(key, "a text")
        return value

    def name(self, key: str) -> str:
        """A text that must be there and not be empty."""
        if not self.text(key):
            raise self.wrong(key, "a text that is not empty")
        return self.text(key)

    def optional_text(self, key: str) -> str | None:
        """A text, or None if the key is absent or null."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, str):
            raise self.wrong(key, "a text")
        return value

    def count(self, key: str) -> int | None:
        """A whole number, or None if the key is absent or null."""
        value = self.values.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise self.wrong(key, "a whole number")
        return value

    def flag(self, key: str) -> bool:
        """A flag; false if the key is absent or null."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return bool(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty if the key is absent or null."""
        value = self.values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            raise self.wrong(key, "a list of texts")
        return tuple(value)

    def items(self, key: str) -> tuple[_Item, ...]:
        """A list of objects that must be there."""
        value = self.values.get(key)
        if not isinstance(value, list):
            raise self.wrong(key, "a list")
        return tuple(
            _Item.of(element, f"{self.label}: {key}[{index}]")
            for index, element in enumerate(value)
        )


def _shown(value: object) -> str:
    """A JSON value, cut to what fits into a message."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004  # a short line


def _table(item: _Item) -> TableEntry:
    """The entry of one table."""
    if item.text("type") not in TABLE_TYPES:
        raise item.wrong("type", "one of " + ", ".join(TABLE_TYPES))
    partitioned = item.flag("partitioned")
    return TableEntry(
        name=item.name("name"),
        description=item.optional_text("description") or "",
        location=item.name("location"),
        partitioned=partitioned,
        partition_key=item.name("partition_key") if partitioned else None,
        type=item.text("type"),
        columns=tuple(_column(column) for column in item.items("columns")),
        row_count=item.count("row_count"),
        bytes=item.count("bytes"),
        files=item.count("files"),
        sha256=item.optional_text("sha256"),
        built_at=item.optional_text("built_at"),
        build_id=item.optional_text("build_id"),
        primary_key=item.texts("primary_key"),
        sort_order=item.texts("sort_order"),
        partitions=_partitions(item) if partitioned else None,
    )


def _column(item: _Item) -> ColumnEntry:
    """The entry of one column."""
    return ColumnEntry(
        name=item.name("name"),
        description=item.optional_text("description") or "",
        type=item.optional_text("type"),
    )


def _partitions(item: _Item) -> tuple[PartitionEntry, ...] | None:
    """The entries of the partitions; None if the publisher did not list them."""
    if item.values.get("partitions") is None:
        return None
    return tuple(
        PartitionEntry(
            value=partition.text("value"),
            rows=partition.count("rows"),
            bytes=partition.count("bytes"),
            sha256=partition.optional_text("sha256"),
        )
        for partition in item.items("partitions")
    )

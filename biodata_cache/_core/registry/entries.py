"""The published registry as objects; `document` reads and writes them as JSON."""

from __future__ import annotations

import json
from dataclasses import MISSING, dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar

from biodata_cache._core import display as _display
from biodata_cache._core import messages as _messages
from biodata_cache._core.errors import TableNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

REMEDY = "Publish this version again, or copy it again from where it was published."
TABLE_TYPES = ("metadata", "asset", "event", "realtime", "platform")


# What is published of an entry even where it is empty: existing readers ask for it.
_ALWAYS = {"description", "partitioned", "partition_key", "columns", "primary_key", "sort_order"}


class TableType(str):
    """Type of a table: a text with a `value`, as existing code expects of it."""

    __slots__ = ()

    @property
    def value(self) -> str:
        """The text itself."""
        return str(self)


class RegistryPart:
    """What the parts of the registry have in common: they are published as JSON objects."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def model_dump(self, *, mode: str = "python") -> dict[str, Any]:  # noqa: ARG002
        """The values as they are published, in dicts and lists, without those that are empty.

        Args:
            mode: Either `"python"` or `"json"`, as pydantic has it; both give the same.
        """
        values: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            default = None if each.default is MISSING else each.default
            is_nothing = value in (default, {})
            if each.name == "other" or (is_nothing and each.name not in _ALWAYS):
                continue
            values[each.name] = _published(value)
        other: dict[str, Any] = getattr(self, "other", {})
        return values | other

    def model_dump_json(self, *, indent: int | None = None) -> str:
        """The same as text of JSON.

        Args:
            indent: Spaces to indent by; None for one line.
        """
        return json.dumps(self.model_dump(), indent=indent, ensure_ascii=False)


def _published(value: object) -> Any:  # noqa: ANN401  # whatever JSON knows
    """A value of an entry, its parts as JSON has them."""
    if isinstance(value, RegistryPart):
        return value.model_dump()
    if isinstance(value, tuple):
        return [_published(each) for each in value]
    if isinstance(value, dict):
        return {name: _published(each) for name, each in value.items()}
    return str(value) if isinstance(value, TableType) else value


@dataclass(frozen=True)
class ColumnEntry(RegistryPart):
    """One column of a table.

    Attributes:
        name: Name in the file.
        description: What the column holds.
        type: DuckDB type, for example `VARCHAR[]`; None if the publisher left it out.
        other: Unknown keys, written by a later version.
    """

    name: str
    description: str = ""
    type: str | None = None
    other: dict[str, Any] = field(default_factory=dict, hash=False, repr=False)


@dataclass(frozen=True)
class ObjectFile(RegistryPart):
    """An immutable file that is named by its content.

    Attributes:
        name: `<sha256>.pqt`.
        rows: Number of rows.
        bytes: Size.
        sha256: Checksum.
    """

    name: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class ForeignKey(RegistryPart):
    """A column of which every value is one of a column of another table, or missing.

    Attributes:
        column: The column.
        table: The other table.
        references: Its column.
    """

    column: str
    table: str
    references: str


@dataclass(frozen=True)
class CheckEntry(RegistryPart):
    """A check that ran on a table when it was built.

    Attributes:
        check: Description of the check.
        status: `pass`, or `warn` for a failure that the project tolerates.
    """

    check: str
    status: str


@dataclass(frozen=True, kw_only=True, repr=False)
class TableEntry(RegistryPart):
    """The registry's entry of one table; fields that older publishers left out are None or empty.

    Attributes:
        name: Name of the table.
        description: What one row is, what is left out, and what to watch.
        location: Address of its file, or of the folder of its partitions.
        partitioned: Whether it is one file per value of a key.
        partition_key: Column of that key; None if the table is not partitioned.
        type: One of `metadata`, `asset`, `event`, `realtime`, `platform`; any text becomes one that
            has a `value`, too.
        columns: Its columns in order.
        row_count: Number of rows.
        bytes: Size of the files together.
        files: Number of files.
        sha256: Checksum of the data.
        built_at: When it was built, as ISO text.
        build_id: The build it comes from.
        primary_key: Columns of the key.
        sort_order: Columns its rows are sorted by.
        foreign_keys: Columns that refer to other tables.
        partition_count: Number of its partitions.
        objects: The files with all of its rows, sorted by partition key and sort order; empty if
            an older publisher made none.
        checks: The checks that ran on it.
        made_from: Names of its upstream models and sources, by layer.
        other: Unknown keys, written by a later version.
    """

    name: str
    description: str = ""
    location: str
    partitioned: bool = False
    partition_key: str | None = None
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
    foreign_keys: tuple[ForeignKey, ...] = ()
    partition_count: int | None = None
    objects: tuple[ObjectFile, ...] = ()
    checks: tuple[CheckEntry, ...] = ()
    made_from: dict[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    other: dict[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "type", TableType(self.type))

    def __repr__(self) -> str:
        return _display.page_text(self.name, self.description, self._facts(), self._grid())

    def _repr_html_(self) -> str:
        return _display.page_html(self.name, self.description, self._facts(), self._grid())

    def _grid(self) -> _display.Grid:
        """The columns."""
        return ("column", "type", "what it holds"), [
            (each.name, each.type or "?", _display.plain(each.description)) for each in self.columns
        ]

    def _facts(self) -> list[str]:
        """Lines about size, age, partitions, key, order and location."""
        measured = [
            "unknown number of rows" if self.row_count is None else f"{self.row_count:,} rows"
        ]
        if self.bytes is not None:
            measured.append(_display.size(self.bytes))
        if self.files is not None:
            measured.append(f"{self.files:,} file{'' if self.files == 1 else 's'}")
        lines = [", ".join(measured)]
        if self.built_at is not None:
            lines.append(f"built {self.built_at} ({_display.ago(self.built_at)})")
        if self.partitioned:
            count = "" if self.partition_count is None else f" ({self.partition_count:,})"
            lines.append(f"partitions: one file for each {self.partition_key}{count}")
        if self.primary_key:
            lines.append(f"key: {', '.join(self.primary_key)}")
        if self.sort_order:
            lines.append(f"sorted by: {', '.join(self.sort_order)}")
        return [*lines, f"location: {self.location}"]


@dataclass(frozen=True, kw_only=True, repr=False)
class TableInfo(TableEntry):
    """One table of the version that is read; made by `table_info`.

    Its display in a terminal and in a notebook shows descriptions and types of the columns, number
    of rows, size, age and partitions. `location` is the address that it is read from.

    Attributes:
        version: Version folder that is read.
    """

    version: str


@dataclass(frozen=True, repr=False)
class CacheRegistry(RegistryPart):
    """The tables of one published version, in the order of the registry.

    Its display in a terminal and in a notebook is a list of them.

    Attributes:
        tables: One entry per table.
        build: Name of the build; None if an older publisher made it.
        built_at: When it was built, as ISO text.
        public_files: The object that lists the public files.
        profiles: The object with what the pages show: statistics of columns, first rows.
        other: Unknown keys, written by a later version.

    Examples:
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
    build: str | None = None
    built_at: str | None = None
    public_files: ObjectFile | None = None
    profiles: ObjectFile | None = None
    other: dict[str, Any] = field(default_factory=dict, hash=False)

    def __repr__(self) -> str:
        return _display.grid_text(self._grid())

    def _repr_html_(self) -> str:
        return _display.grid_html(self._grid())

    def _grid(self) -> _display.Grid:
        """The tables."""
        return ("table", "rows", "size", "built", "what it holds"), [
            (
                entry.name,
                "?" if entry.row_count is None else f"{entry.row_count:,}",
                "?" if entry.bytes is None else _display.size(entry.bytes),
                _display.ago(entry.built_at),
                _display.first_sentence(_display.plain(entry.description)),
            )
            for entry in self
        ]

    @property
    def objects(self) -> list[ObjectFile]:
        """Every object that the registry names: those of its tables, and those about them."""
        about = [each for each in (self.public_files, self.profiles) if each is not None]
        return [*(each for entry in self.tables for each in entry.objects), *about]

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
            TableNotFoundError: If there is no table of this name.
        """
        for table in self.tables:
            if table.name == name:
                return table
        raise TableNotFoundError(
            f"The published cache has no table {name!r}."
            f"{_messages.nearest(str(name), self.names)} It has {', '.join(self.names) or 'none'}."
        )

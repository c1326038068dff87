"""What every source is: documents that are read as a whole, or a database that lists and gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from extract.lake.documents import V2, Shape
from extract.retries import Retries

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class SourceOptions:
    """What databases are asked for, and how patiently.

    Attributes:
        database: Name of the database.
        collection: Name of the collection.
        shape: What its documents are like.
        retries: How long to try.
        workers: How many threads fetch at once.
        salvage: Whether to read what can be read of a damaged file.
    """

    database: str = "metadata_index"
    collection: str = "data_assets"
    shape: Shape = V2
    retries: Retries = field(default_factory=Retries)
    workers: int = 4
    salvage: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """The bytes of one document and where they stand.

    Attributes:
        content: UTF-8 JSON text, if the source is sound.
        file: File name, relative to the source.
        line: Line in the file, or place in its array, counted from 1; None for a whole file.
        problem: Why the content is no JSON text, where the source knows that already.
        repairs: What of the document JSON cannot say and was left out.
    """

    content: bytes
    file: str
    line: int | None
    problem: str = ""
    repairs: str = ""


@dataclass(frozen=True, slots=True)
class BrokenFile:
    """A file that is damaged: it breaks off, or its checksum or its last line fails.

    Attributes:
        file: File name, relative to the source.
        reason: How it broke.
    """

    file: str
    reason: str


class Source(Protocol):
    """A place that gives documents, the same ones in the same order each time it is read.

    Attributes:
        description: The source as text for a reader; stands in each row of the lake.
        size: Bytes it will read, if they can be known; for progress.
        files: Names of the files of a folder, as documents name them; None for any other source.
    """

    description: str
    size: int | None
    files: tuple[str, ...] | None

    def documents(self) -> Iterator[Document | BrokenFile]:
        """Every document of the source, and each file that broke off."""
        ...


class Entry(NamedTuple):
    """One line of a listing.

    Attributes:
        key: `_id` as the database has it.
        text: `_id` as text; None if it cannot be the `_id` of a record.
        last_modified: `_last_modified` as text; None if the document has no such text.
    """

    key: Any
    text: str | None
    last_modified: str | None


class Fetched(NamedTuple):
    """One document that came.

    Attributes:
        key: `_id` as the database has it.
        content: JSON text; where that could not be made, the bytes as they came.
        problem: Why it could not be made; empty if it could. Without content, nothing is known of
            the document but that it is there.
        repairs: What JSON cannot say and was left out; empty mostly.
    """

    key: Any
    content: bytes
    problem: str = ""
    repairs: str = ""


@runtime_checkable
class DatabaseSource(Protocol):
    """A database that can list its documents and give those asked for.

    Every method may raise `TransientError` for what is worth another attempt, and `SourceError` for
    what is not.

    Attributes:
        description: The source as text for a reader, without any secret.
        size: Bytes it will read, if they can be known; for progress.
        retries: How long to try.
        workers: How many threads may fetch at once.
    """

    description: str
    size: int | None
    retries: Retries
    workers: int

    def list_entries(self) -> Iterator[Entry]:
        """Every document of the collection once."""
        ...

    def fetch(self, keys: list[Any]) -> Iterator[Fetched]:
        """The documents with these `_id`s that are still there, in any order."""
        ...

    def existing(self, texts: list[str]) -> set[str]:
        """Those of the `_id`s that the collection has."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


def repairs_of(document: dict[str, Any]) -> str:
    """What of a decoded document JSON cannot say: NaN and infinity. Empty if there is none."""
    paths = list(_not_numbers(document, ""))
    if not paths:
        return ""
    more = f" and {len(paths) - _SHOWN:,} more places" if len(paths) > _SHOWN else ""
    return f"NaN or infinity became null at {', '.join(paths[:_SHOWN])}{more}"


def _not_numbers(value: Any, path: str) -> Iterator[str]:  # noqa: ANN401  # any value
    """Paths of the numbers that JSON cannot write."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _not_numbers(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _not_numbers(inner, f"{path}[{position}]")
    elif isinstance(value, float) and not isfinite(value):
        yield path

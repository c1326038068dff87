"""Interfaces of sources: `Source` is read completely, `DatabaseSource` lists and fetches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from extract.documents.document import V2, Shape
from extract.documents.json_scan import identity_of
from extract.retries import Retries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from extract.lake.policy import Policy
    from extract.lake.rejects import RejectWriter
    from extract.lake.state import State
    from extract.lake.writer import LakeWriter
    from extract.report import Progress, Report


@dataclass(frozen=True, kw_only=True)
class SourceOptions:
    """Options for reading databases and files.

    Attributes:
        database: Database to read.
        collection: Collection to read, also from a `mongodump` archive that holds several.
        shape: What its documents are like.
        retries: How long to try.
        workers: Number of fetching threads, and of requests or cursors at once.
        salvage: Whether to read the intact documents of a damaged file.
    """

    database: str = "metadata_index"
    collection: str = "data_assets"
    shape: Shape = V2
    retries: Retries = field(default_factory=Retries)
    workers: int = 4
    salvage: bool = False


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The lake that a source is compared with, and the options.

    Attributes:
        policy: How many documents may wait to be compared.
        writer: Takes the rows; None only counts.
        rejects: Receives unusable documents; None if `writer` is None.
        report: Counts what happens.
        is_full: Write unchanged documents, too.
        check_listed: Stops the run if the source has much too few records.
    """

    shape: Shape
    state: State
    policy: Policy
    writer: LakeWriter | None
    rejects: RejectWriter | None
    report: Report
    progress: Progress | None
    is_full: bool
    check_listed: Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Document:
    """The bytes of one document and their location in the source.

    Attributes:
        content: UTF-8 JSON text, if the source is sound.
        file: File name, relative to the source.
        line: Line in the file, or index in its array, counted from 1; None for a whole file.
        problem: Why the content is not JSON, if the source has noticed it.
        known: Its `_id` and name then, where they can be read.
    """

    content: bytes
    file: str
    line: int | None
    problem: str = ""
    known: tuple[str | None, str | None] | None = None

    @property
    def identity(self) -> tuple[str | None, str | None]:
        """`_id` and name, if they can be read, even of a damaged document."""
        return identity_of(self.content) if self.known is None else self.known


@dataclass(frozen=True, slots=True)
class BrokenFile:
    """A file that is damaged: it breaks off, or its checksum or its last line fails.

    Attributes:
        file: File name, relative to the source.
        reason: How it broke.
    """

    file: str
    reason: str


def kind_of(description: str) -> str:
    """Kind of a source, such as `sample`, `file` or `mongodb`."""
    return description.partition(":")[0]


def is_another(held: str, description: str) -> bool:
    """Whether records of one source are none of another; files are one source, by any name."""
    is_named = kind_of(description) in {"sample", "file"}
    return kind_of(held) != kind_of(description) if is_named else held != description


class Source(Protocol):
    """A source of documents, the same ones in the same order each time it is read.

    Attributes:
        description: The source as text for a reader; a column of the lake.
        files: Names of the files of a folder, as documents name them; None for any other source.
    """

    description: str
    files: tuple[str, ...] | None

    def documents(self) -> Iterator[Document | BrokenFile]:
        """Every document of the source, and a `BrokenFile` for each damaged file."""
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
    """

    key: Any
    content: bytes
    problem: str = ""


@runtime_checkable
class DatabaseSource(Protocol):
    """A database that can list its documents and return those requested.

    Every method may raise `TransientError` for what is worth another attempt, and `SourceError` for
    what is not.

    Attributes:
        description: The source as text for a reader, without any secret.
        retries: How long to try.
        workers: How many threads may fetch at once.
    """

    description: str
    retries: Retries
    workers: int

    def list_entries(self) -> Iterator[Entry]:
        """Every document of the collection once."""
        ...

    def fetch(self, keys: list[Any]) -> Iterator[Fetched]:
        """The existing documents with these `_id`s, in any order."""
        ...

    def existing(self, texts: list[str]) -> set[str]:
        """Those of the `_id`s that exist in the collection."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...

"""Which source a text names: the built-in sample, or files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from biodata_cache._errors import SettingsError, SourceError
from extract import sample
from extract.files import BrokenFile, Document, find_files, read_file

if TYPE_CHECKING:
    from collections.abc import Iterator


class Source(Protocol):
    """A place that gives documents, the same ones in the same order each time it is read.

    Attributes:
        description: The source as text for a reader; stands in each row of the lake.
        size: Bytes it will read, if they can be known; for progress.
    """

    description: str
    size: int | None

    def documents(self) -> Iterator[Document | BrokenFile]:
        """Every document of the source, and each file that broke off."""
        ...


class SampleSource:
    """The embedded sample: `sample`, or `sample:N` for N records of realistic size."""

    def __init__(self, count: int | None) -> None:
        """Takes the number of records; None is the built-in sample."""
        self.count = count
        self.size: int | None = None
        self.description = "sample" if count is None else f"sample:{count}"

    def documents(self) -> Iterator[Document | BrokenFile]:
        """Every document of the sample."""
        for number, content in enumerate(sample.documents(self.count), start=1):
            yield Document(content, self.description, number)


class FileSource:
    """One file, or a folder of files."""

    def __init__(self, path: Path) -> None:
        """Lists the files; opens none."""
        self.path = path
        self.files = find_files(path)
        self.description = f"file:{path.name}"
        self.size: int | None = sum(file.stat().st_size for file in self.files)

    def documents(self) -> Iterator[Document | BrokenFile]:
        """Every document of every file, in the order of the file names."""
        for file in self.files:
            name = file.name if file == self.path else file.relative_to(self.path).as_posix()
            yield from read_file(file, name)


def open_source(text: str) -> Source:
    """The source that a text names.

    Args:
        text: `sample`, `sample:N`, or the path of a file or folder.

    Raises:
        SettingsError: The text names no source, or one of a kind that cannot be read yet.
        SourceError: The path does not exist or holds nothing to read.

    Example:
        >>> open_source("sample:50").description
        'sample:50'
    """
    kind, _, rest = text.partition(":")
    if kind == "sample":
        if text == "sample":
            return SampleSource(None)
        if not rest.isascii() or not rest.isdigit():
            raise SettingsError(
                f"Source {text!r}: after 'sample:' comes a number of records, as in 'sample:20000'."
            )
        return SampleSource(int(rest))
    if "://" in text:
        scheme = text.partition("://")[0]  # never the rest: it may hold a password
        raise SettingsError(
            f"Source '{scheme}://…' cannot be read by this version: give 'sample', 'sample:N', "
            "or the path of a .jsonl, .jsonl.gz or .json file or a folder of them."
        )
    if not text:
        raise SourceError("No source: give 'sample', 'sample:N', or the path of a file or folder.")
    return FileSource(Path(text).expanduser())

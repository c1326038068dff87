"""Opens the configured source: the built-in sample, files, MongoDB or the gateway."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING

from biodata_cache._core.errors import MissingDependencyError, SettingsError, SourceError
from extract.documents.document import V1, V2, Shape
from extract.sample import generator as sample
from extract.sources.base import BrokenFile, Document, SourceOptions
from extract.sources.files import BSON_SUFFIXES, find_files, read_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extract.sources.base import DatabaseSource, Source


class SampleSource:
    """The embedded sample: `sample`, or `sample:N` for N records of realistic size."""

    def __init__(self, count: int | None, shape: Shape = V2) -> None:
        """Takes the number of records, of which None is the built-in sample, and their version."""
        self.count = count
        self._documents = sample.v1_documents if shape is V1 else sample.documents
        self.files: tuple[str, ...] | None = None
        self.description = "sample" if count is None else f"sample:{count}"

    def documents(self) -> Iterator[Document | BrokenFile]:
        """Every document of the sample."""
        for number, content in enumerate(self._documents(self.count), start=1):
            yield Document(content, self.description, number)


class FileSource:
    """One file, or a folder of files."""

    def __init__(self, path: Path, options: SourceOptions) -> None:
        """Lists the files; opens none.

        Raises:
            SourceError: If the path does not exist or has no readable file.
            MissingDependencyError: If a file is BSON and pymongo is not installed.
        """
        self.path = path
        self._options = options
        self._paths = find_files(path)
        if any(file.name.endswith(BSON_SUFFIXES) for file in self._paths):
            require_docdb("bson", "a file in BSON")
        self.description = f"file:{path.name}"
        names = tuple(self._name_of(file) for file in self._paths)
        self.files: tuple[str, ...] | None = None if self._paths == [path] else names

    def documents(self) -> Iterator[Document | BrokenFile]:
        """Every document of every file, in the order of the file names."""
        for file in self._paths:
            yield from self._read(file, salvage=self._options.salvage)

    def damage(self) -> Iterator[BrokenFile]:
        """The files whose beginning cannot be read; looks at one document of each."""
        for file in self._paths:
            first = next(self._read(file, salvage=True), None)
            if isinstance(first, BrokenFile):
                yield first

    def _read(self, file: Path, *, salvage: bool) -> Iterator[Document | BrokenFile]:
        return read_file(file, self._name_of(file), self._options.collection, salvage=salvage)

    def _name_of(self, file: Path) -> str:
        return file.name if file == self.path else file.relative_to(self.path).as_posix()


def open_source(text: str, options: SourceOptions | None = None) -> Source | DatabaseSource:
    """The source that a text names.

    Args:
        text: `sample`, `sample:N`, the path of a file or folder, `mongodb://…`,
            `mongodb+srv://…`, or `https://…` for the gateway.
        options: Database, collection and limits of a database source.

    Raises:
        SettingsError: If the text names no source.
        SourceError: If the path does not exist or has no readable file.
        MissingDependencyError: If the source needs a package that is not installed.

    Example:
        >>> open_source("sample:50").description
        'sample:50'
    """
    options = options or SourceOptions()
    kind, _, rest = text.partition(":")
    if kind == "sample":
        if text == "sample":
            return SampleSource(None, options.shape)
        if not rest.isascii() or not rest.isdigit():
            raise SettingsError(
                f"Source {text!r}: after 'sample:' comes a number of records, as in 'sample:20000'."
            )
        return SampleSource(int(rest), options.shape)
    if "://" in text:
        return _open_database(text, options)
    if re.match(r"(mongodb(\+srv)?|https?):", text, re.IGNORECASE):
        # Never the rest: it may hold a password.
        raise SettingsError(f"Source '{kind}:…' is no address: write '{kind}://…', or a path.")
    if not text:
        raise SourceError("No source: give 'sample', 'sample:N', or the path of a file or folder.")
    return FileSource(Path(text), options)


def _open_database(text: str, options: SourceOptions) -> DatabaseSource:
    scheme = text.partition("://")[0].lower()
    if scheme in {"mongodb", "mongodb+srv"}:
        require_docdb("pymongo", f"the source {scheme}://…")
        from extract.sources.mongodb import MongoSource  # noqa: PLC0415  # needs the extra `docdb`

        return MongoSource(text, options)
    if scheme == "https":
        require_docdb("aind_data_access_api", "the gateway")
        from extract.sources.gateway import GatewaySource  # noqa: PLC0415  # needs the extra `docdb`

        return GatewaySource(text, options)
    # Never the rest: it may hold a password.
    raise SettingsError(
        f"Source '{scheme}://…' cannot be read: give 'sample', 'sample:N', the path of a file or "
        "folder, 'mongodb://…', or 'https://…' for the gateway."
    )


def require_docdb(module: str, purpose: str) -> None:
    """Check that what a database needs is installed.

    Raises:
        MissingDependencyError: If a package is not installed.
    """
    if importlib.util.find_spec(module) is None:
        raise MissingDependencyError(
            f"{module} is not installed: {purpose} needs pip install 'biodata-cache[docdb]'."
        )

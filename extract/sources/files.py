"""Documents from files, plain or compressed: text in any form of JSON, or BSON."""

from __future__ import annotations

import tempfile
from errno import ENOSPC
from typing import TYPE_CHECKING

from biodata_cache._core.errors import SourceError
from biodata_cache._storage.common import file_identity
from extract.sources.base import BrokenFile, Document
from extract.sources.text_forms import DAMAGED_COMPRESSION, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BSON_SUFFIXES = (".bson", ".bson.gz", ".archive", ".archive.gz")
TEXT_SUFFIXES = (".jsonl", ".ndjson", ".json", ".jsonl.gz", ".ndjson.gz", ".json.gz")
SUFFIXES = (*TEXT_SUFFIXES, *BSON_SUFFIXES)
_LONGEST_SHOWN = 300
# Other files of `mongodump`.
_NO_DOCUMENTS = (".metadata.json", ".metadata.json.gz", "prelude.json", "prelude.json.gz")


def find_files(path: Path) -> list[Path]:
    """Files of a source in a stable order.

    Raises:
        SourceError: If the path does not exist, cannot be searched, or has no readable file.
    """
    try:
        return _files_of(path)
    except OSError as error:
        raise unreadable(path, error) from None


def _files_of(path: Path) -> list[Path]:
    if path.is_file():
        if not path.name.endswith(SUFFIXES):
            raise SourceError(
                f"Source {str(path)!r} is not one of {', '.join(SUFFIXES)}: convert or rename it."
            )
        return [path]
    if not path.is_dir():
        raise SourceError(
            f"Source {str(path)!r} does not exist: give a file, a folder of "
            f"{', '.join(SUFFIXES)} files, 'sample' or 'sample:N'."
        )
    files = sorted(
        file
        for file in path.rglob("*")
        if file.is_file()
        and file.name.endswith(SUFFIXES)
        and not file.name.endswith(_NO_DOCUMENTS)
        and not file.name.startswith((".", "system."))
    )
    if not files:
        raise SourceError(
            f"Source folder {str(path)!r} holds no {', '.join(SUFFIXES)} file: "
            "give the folder that does."
        )
    return files


def read_file(
    path: Path, name: str, collection: str, *, salvage: bool = False
) -> Iterator[Document | BrokenFile]:
    """Every document of one file, in order; of a damaged one a `BrokenFile` and nothing else.

    A file is read to its end before its first document is given, as a checksum comes last. One that
    was written while it was read may lack documents that it held: its `BrokenFile` comes last.

    Args:
        path: File to read.
        name: Name of the file in messages and rejects.
        collection: Collection to read from an archive that holds several.
        salvage: Give the documents of a damaged file that can be read, then the `BrokenFile`.

    Raises:
        SourceError: If the file cannot be opened.
    """
    before = file_identity(path)
    is_broken = False
    for item in _read(path, name, collection, salvage=salvage):
        is_broken = is_broken or isinstance(item, BrokenFile)
        yield item
    if not is_broken and file_identity(path) != before:
        yield BrokenFile(name, "it changed while it was read")


def _read(
    path: Path, name: str, collection: str, *, salvage: bool
) -> Iterator[Document | BrokenFile]:
    """Documents of a file that does not change."""
    try:
        if path.name.endswith(".gz") and not path.stat().st_size:  # gzip takes it for nothing
            yield BrokenFile(name, "damaged compression: the file is empty")
            return
        if not path.name.endswith(BSON_SUFFIXES):
            yield from read_text(path, name, salvage=salvage)
            return
        from extract.sources.bson import damage_of_bson, read_bson  # noqa: PLC0415  # `docdb`

        damage = None if salvage else damage_of_bson(path)
        if damage is None:
            yield from read_bson(path, name, collection)
        else:
            yield BrokenFile(name, damage)
    except DAMAGED_COMPRESSION as error:
        yield BrokenFile(name, f"damaged compression: {error}")
    except OSError as error:
        if error.errno == ENOSPC:
            raise SourceError(
                f"There is no room in {tempfile.gettempdir()} for a copy of {str(path)!r}: "
                "make room, or name a folder that has some in TMPDIR."
            ) from None
        raise unreadable(path, error) from None


def unreadable(path: Path, error: OSError) -> SourceError:
    """The error for a file or folder of a source that the system does not let us read."""
    shown = str(path) if len(str(path)) <= _LONGEST_SHOWN else f"{str(path)[:_LONGEST_SHOWN]}…"
    return SourceError(
        f"Source {shown!r} cannot be read: {error.strerror or error}. "
        "Check that it exists and that you may read it."
    )

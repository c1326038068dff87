"""Documents from what `mongodump` writes: BSON files, and archives of several collections."""

from __future__ import annotations

import gzip
import struct
from typing import TYPE_CHECKING, BinaryIO

import bson
from bson.errors import InvalidBSON

from extract.sources.base import BrokenFile, Document
from extract.sources.bson_text import OPTIONS, convert, identity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ARCHIVE = struct.pack("<I", 0x8199E26D)
_END = b"\xff\xff\xff\xff"
_LARGEST = 64 * 2**20
_SMALLEST = 5


class _BrokenError(Exception):
    """The file is damaged; the text is the reason."""


def read_bson(path: Path, name: str, collection: str) -> Iterator[Document | BrokenFile]:
    """Every document of one file, in order; last a `BrokenFile` if it breaks off.

    Args:
        path: File to read, possibly compressed.
        name: Name of the file in messages and rejects.
        collection: Collection to read from an archive that holds several.
    """
    number = 0
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        try:
            for document in _documents(file, collection):
                number += 1
                made = convert(document)
                known = identity(document) if made.problem else None
                yield Document(made.content, name, number, made.problem, known)
        except (_BrokenError, InvalidBSON, KeyError) as error:
            yield BrokenFile(name, f"not BSON after {number:,} documents: {error}")


def damage_of_bson(path: Path) -> str | None:
    """How a file is damaged; None if its documents have the lengths in their headers."""
    count = 0
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        try:
            for document in _lengths(file):
                count += document
        except _BrokenError as error:
            return f"not BSON after {count:,} documents: {error}"
    return None


def _lengths(file: BinaryIO | gzip.GzipFile) -> Iterator[int]:
    """1 for each document, whichever collection of an archive it is of."""
    start = file.read(4)
    if start == _ARCHIVE:
        start = file.read(4)
    while start:
        if start != _END:
            _document(file, start)
            yield 1
        start = file.read(4)


def _documents(file: BinaryIO | gzip.GzipFile, collection: str) -> Iterator[bytes]:
    start = file.read(4)
    if start == _ARCHIVE:
        yield from _archived(file, collection)
    elif start:
        yield _document(file, start)
        while start := file.read(4):
            yield _document(file, start)


def _archived(file: BinaryIO | gzip.GzipFile, collection: str) -> Iterator[bytes]:
    """The documents of one collection, which alternate with those of others."""
    _document(file, file.read(4))  # versions of the tools
    collections = [bson.decode(part, OPTIONS)["collection"] for part in _until_end(file)]
    data = [name for name in collections if not name.startswith("system.")]
    wanted = data[0] if len(data) == 1 else collection
    if wanted not in data:
        raise _BrokenError(
            f"the archive holds the collections {', '.join(data)}, none of them is {wanted}"
        )
    while start := file.read(4):
        header = bson.decode(_document(file, start), OPTIONS)
        for document in _until_end(file):
            if header.get("collection") == wanted:
                yield document


def _until_end(file: BinaryIO | gzip.GzipFile) -> Iterator[bytes]:
    while (start := file.read(4)) != _END:
        yield _document(file, start)


def _document(file: BinaryIO | gzip.GzipFile, start: bytes) -> bytes:
    """One document whose first four bytes, its length, are read already."""
    if len(start) < len(_END):
        raise _BrokenError("it breaks off")
    (length,) = struct.unpack("<i", start)
    if not _SMALLEST <= length <= _LARGEST:
        raise _BrokenError(f"a document of {length:,} bytes")
    rest = file.read(length - 4)
    if len(rest) < length - 4:
        raise _BrokenError("it breaks off in the middle of a document")
    return start + rest

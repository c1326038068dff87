"""Documents from files, plain or compressed: JSON lines, a record, an array of records, or BSON."""

from __future__ import annotations

import gzip
import mmap
import zlib
from typing import TYPE_CHECKING

import msgspec

from biodata_cache._core.errors import SourceError
from extract.sources.base import BrokenFile, Document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BSON_SUFFIXES = (".bson", ".bson.gz", ".archive", ".archive.gz")
SUFFIXES = (".jsonl", ".jsonl.gz", ".json", ".json.gz", *BSON_SUFFIXES)
# What `mongodump` writes beside the documents.
_NO_DOCUMENTS = (".metadata.json", ".metadata.json.gz", "prelude.json", "prelude.json.gz")
_JSON_SUFFIXES = (".json", ".json.gz")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLOCK = 2**20
_LONGEST_LINE = 2**30
_split_array = msgspec.json.Decoder(list[msgspec.Raw]).decode


def find_files(path: Path) -> list[Path]:
    """Files of a source in a stable order.

    Raises:
        SourceError: There is no such path, or nothing in it that can be read.
    """
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

    A file is read to its end before its first document is given, as a checksum comes last.

    Args:
        path: File to read.
        name: Name of the file in messages and rejects.
        collection: Collection to read from an archive that holds several.
        salvage: Give the documents of a damaged file that can be read, then the `BrokenFile`.

    Raises:
        SourceError: If the file cannot be opened.
    """
    try:
        damage = None if salvage else damage_of(path)
        if damage is not None:
            yield BrokenFile(name, damage)
            return
        if path.name.endswith(BSON_SUFFIXES):
            from extract.sources.bson import read_bson  # noqa: PLC0415  # needs the extra `docdb`

            yield from read_bson(path, name, collection)
            return
        if path.name.endswith((".jsonl", ".jsonl.gz")):
            yield from _read_lines(path, name)
        else:
            yield from _read_json(path, name)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        yield BrokenFile(name, f"damaged compression: {error}")
    except OSError as error:
        raise SourceError(
            f"Source file {str(path)!r} cannot be read: {error.strerror or error}. "
            "Check that it exists and that you may read it."
        ) from None


def damage_of(path: Path) -> str | None:
    """How a file is damaged; None if it is whole.

    A compressed file is read to its end and its checksum. Lines end with a line break, or the last
    one is a whole JSON value; documents of BSON have the lengths that they say.

    Raises:
        OSError: If the file cannot be opened.
    """
    try:
        if path.name.endswith(BSON_SUFFIXES):
            from extract.sources.bson import damage_of_bson  # noqa: PLC0415  # needs `docdb`

            return damage_of_bson(path)
        if path.name.endswith(_JSON_SUFFIXES):  # parsed as a whole, or not at all
            return None
        last = _last_line(path)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        return f"damaged compression: {error}"
    if last.endswith(b"\n") or not last.strip():
        return None
    try:
        msgspec.json.decode(last.removeprefix(_BYTE_ORDER_MARK), type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return f"it breaks off in the middle of its last line, after {len(last):,} bytes of it"
    return None


def _last_line(path: Path) -> bytes:
    """The bytes behind the last line break but one, after reading all that is compressed."""
    tail = b""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        if path.suffix != ".gz":
            file.seek(max(0, path.stat().st_size - _BLOCK))
        while block := file.read(_BLOCK):
            tail = (tail + block)[-_LONGEST_LINE:]
            start = tail.rfind(b"\n", 0, -1) + 1
            tail = tail[start:]
        if path.suffix != ".gz" and b"\n" not in tail and path.stat().st_size > _BLOCK:
            file.seek(0)
            for tail in file:  # noqa: B007  # a line longer than a block
                pass
    return tail


def _read_lines(path: Path, name: str) -> Iterator[Document]:
    """One document a line; blank lines are none."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            content = (line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line).strip()
            if content:
                yield Document(content, name, number)


def _read_json(path: Path, name: str) -> Iterator[Document]:
    """One record, an array of records, or (as database exports have it) one record a line."""
    if path.suffix == ".gz":
        content: bytes | mmap.mmap = gzip.decompress(path.read_bytes())
    elif path.stat().st_size == 0:
        return
    else:  # mapped: an array of many gigabytes need not fit into memory
        with path.open("rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    text = memoryview(content)
    if text[:3] == _BYTE_ORDER_MARK:
        text = text[3:]
    try:
        elements = _split_array(text)
    except msgspec.DecodeError:
        if _is_one_value(text):
            yield Document(bytes(text).strip(), name, None)
        else:
            yield from _read_lines(path, name)
        return
    for number, element in enumerate(elements, start=1):
        yield Document(bytes(element), name, number)


def _is_one_value(text: memoryview) -> bool:
    """Whether the whole text is one JSON value, or at least not one a line."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except msgspec.DecodeError:
        first_line = bytes(text[: 64 * 2**20]).strip().partition(b"\n")[0]
        try:
            msgspec.json.decode(first_line, type=msgspec.Raw)
        except msgspec.DecodeError:
            return True
        return False
    return True

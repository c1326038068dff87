"""Documents of a text file, in whichever form people have them.

One record a line; an array; records one after another, printed over many lines or not. Compressed
or plain, in UTF-8 with or without a byte order mark, or in UTF-16 with one. The form is
recognised by the text, not by the name of the file.
"""

from __future__ import annotations

import gzip
import io
import mmap
import shutil
import tempfile
import zlib
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from extract.documents.json_scan import BrokenTextError, Text, as_utf8, values
from extract.sources.base import BrokenFile, Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

DAMAGED_COMPRESSION = (EOFError, zlib.error, gzip.BadGzipFile)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_BLOCK = 2**20
_LONGEST_LINE = 2**30
_IN_MEMORY = 2**28
_split_array = msgspec.json.Decoder(list[msgspec.Raw]).decode


def read_text(path: Path, name: str, *, salvage: bool) -> Iterator[Document | BrokenFile]:
    """Every document of a file of text, in order; of a damaged one a `BrokenFile` and nothing else.

    Args:
        path: File to read.
        name: Name of the file in messages and rejects.
        salvage: Give the documents of a damaged file that can be read, then the `BrokenFile`.

    Raises:
        OSError: If the file cannot be read.
    """
    with _opened(path) as file:
        beginning = file.read(2)
    if beginning in _UTF_16:
        content, damage = _whole(path)
    elif _has_record_in_first_line(path):
        yield from _read_streamed_lines(path, name, salvage=salvage)
        return
    else:
        content, damage = _whole(path)
    if damage is not None and not salvage:
        yield BrokenFile(name, damage)
        return
    if _is_record(_first_line(content)):
        documents, broken = _lines(_each_line(content), name), _broken_end(content)
    else:
        documents, broken = _values(content, name)
        if broken is not None and _has_record_line(content):
            documents, broken = _lines(_each_line(content), name), _broken_end(content)
    broken = damage or broken
    if broken is None or salvage:
        yield from documents
    if broken is not None:
        yield BrokenFile(name, broken)


def _read_streamed_lines(
    path: Path, name: str, *, salvage: bool
) -> Iterator[Document | BrokenFile]:
    """One record a line, of a file that need not fit into memory."""
    damage = None if salvage else _damage_of_lines(path)
    if damage is not None:
        yield BrokenFile(name, damage)
        return
    try:
        with _opened(path) as file:
            yield from _lines(file, name)
    except DAMAGED_COMPRESSION as error:
        yield BrokenFile(name, f"damaged compression: {error}")


def _damage_of_lines(path: Path) -> str | None:
    """How a file of lines is damaged; None if its compression is sound and its last line whole."""
    try:
        last = _last_line(path)
    except DAMAGED_COMPRESSION as error:
        return f"damaged compression: {error}"
    if _ends_whole(last):
        return None
    return f"it breaks off in the middle of its last line, after {len(last):,} bytes of it"


def _broken_end(content: Text) -> str | None:
    """How lines that are in memory break off."""
    return None if _ends_whole(content[:]) else "it breaks off in its last line"


def _lines(lines: Iterable[bytes], name: str) -> Iterator[Document]:
    """One document a line; blank lines are none, and two files may have been joined in one."""
    for number, line in enumerate(lines, start=1):
        content = line.removeprefix(_BYTE_ORDER_MARK).strip()
        if b"}{" in content or content[:1] == b"[":
            yield from (Document(part, name, number) for part in _parts(content))
        elif content:
            yield Document(content, name, number)


def _parts(line: bytes) -> list[bytes]:
    """The records of a line that holds several; the line itself if it is something else."""
    try:
        return [line[start:end] for start, end in values(line)]
    except BrokenTextError:
        return [line]


def _values(content: Text, name: str) -> tuple[Iterator[Document], str | None]:
    """Documents one after another, or in an array; and how they break off."""
    try:
        elements = _split_array(memoryview(content).cast("B"))
        return (
            Document(bytes(element), name, number)
            for number, element in enumerate(elements, start=1)
        ), None
    except (msgspec.DecodeError, RecursionError):
        pass  # no array, or one with what the parser does not take
    bounds: list[tuple[int, int]] = []
    broken = None
    try:
        bounds.extend(values(content))
    except BrokenTextError as error:
        broken = f"not JSON after {len(bounds):,} documents: {error}"
    return (
        Document(content[start:end], name, number)
        for number, (start, end) in enumerate(bounds, start=1)
    ), broken


def _whole(path: Path) -> tuple[Text, str | None]:
    """All that a file holds as UTF-8, and how it is damaged."""
    damage = None
    if path.suffix != ".gz":
        content = _plain(path)
    else:
        blocks: list[bytes] = []
        try:
            with gzip.open(path) as unpacked:
                while block := unpacked.read(_BLOCK):
                    blocks.append(block)
        except DAMAGED_COMPRESSION as error:
            damage = f"damaged compression: {error}"
        content = b"".join(blocks)
    if content[:2] not in _UTF_16:
        return content, damage
    try:
        return as_utf8(content[:]), damage
    except UnicodeDecodeError as error:
        sound = content[: error.start // 2 * 2]
        return as_utf8(sound), damage or f"not UTF-16 from byte {error.start:,} on"


def _plain(path: Path) -> Text:
    """All that a file holds; where that need not fit into memory, mapped.

    What is mapped is a copy: a file that is cut while it is mapped ends the process.
    """
    if path.stat().st_size <= _IN_MEMORY:
        return path.read_bytes()
    with path.open("rb") as file, tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(file, copy, _BLOCK)
        copy.flush()
        return mmap.mmap(copy.fileno(), 0, access=mmap.ACCESS_READ) if copy.tell() else b""


def _has_record_in_first_line(path: Path) -> bool:
    """Whether the first line that is not blank is a record: then every line is one."""
    try:
        with _opened(path) as file:
            for line in iter(lambda: file.readline(_LONGEST_LINE), b""):
                if stripped := line.removeprefix(_BYTE_ORDER_MARK).strip():
                    return _is_record(stripped)
    except DAMAGED_COMPRESSION:
        pass
    return False


def _has_record_line(content: Text) -> bool:
    """Whether any line is a record, below a first one that is none and begins no array."""
    return not _first_line(content).startswith(b"[") and any(
        line.startswith(b"{") and b'"_id"' in line and _is_record(line.strip())
        for line in _each_line(content)
    )


def _is_record(line: bytes) -> bool:
    """Whether a line holds one object, or several, and nothing else."""
    if not line.startswith(b"{"):
        return False
    try:
        return all(line[start : start + 1] == b"{" for start, _ in values(line))
    except BrokenTextError:
        return False


def _first_line(content: Text) -> bytes:
    for line in _each_line(content):
        if stripped := line.removeprefix(_BYTE_ORDER_MARK).strip():
            return stripped
    return b""


def _each_line(content: Text) -> Iterator[bytes]:
    if isinstance(content, mmap.mmap):
        content.seek(0)
        return iter(content.readline, b"")
    return iter(io.BytesIO(content))


def _ends_whole(last: bytes) -> bool:
    """Whether the last line of a file ends, with a line break or as a whole value."""
    last = last[last.rfind(b"\n", 0, -1) + 1 :]
    if last.endswith(b"\n") or not last.strip():
        return True
    try:
        return bool(list(values(last)))
    except BrokenTextError:
        return False


def _last_line(path: Path) -> bytes:
    """The bytes behind the last line break but one, after reading all that is compressed."""
    tail = b""
    with _opened(path) as file:
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


def _opened(path: Path) -> BinaryIO:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]

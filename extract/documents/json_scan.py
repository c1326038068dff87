"""Finds the bounds of JSON values without parsing them and without recursion.

Only brackets and texts are looked at, so this finds its way through values that no parser takes:
numbers that are none, halves of surrogate pairs, depths beyond any stack.
"""

from __future__ import annotations

import mmap
import re
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

Text = bytes | mmap.mmap

_BLANK = re.compile(rb"(?:[ \t\r\n\x1e]|\xef\xbb\xbf)*")
_NEXT = re.compile(rb'"[^"\\]*"|["{}\[\]]')
_SCALAR = re.compile(rb"[-+.0-9A-Za-z]+")
_CLOSING = {0x7B: 0x7D, 0x5B: 0x5D}
_QUOTE, _BACKSLASH, _COMMA, _COLON, _OPEN_LIST, _OPEN_OBJECT = b'"\\,:[{'
_CLOSE_LIST = _CLOSING[_OPEN_LIST]
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_ROUNDS = 50
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_SHOWN = 40
_identity_text = msgspec.json.Decoder(str).decode


class BrokenTextError(ValueError):
    """A text is not JSON values one after another; its text names where that ends."""


def values(text: Text) -> Iterator[tuple[int, int]]:
    """Bounds of the values that stand one after another; an array stands for its elements.

    Blanks, byte order marks and separators of records may stand between them.

    Raises:
        BrokenTextError: If it breaks off, or something else than a value stands there.

    Example:
        >>> text = b'{"a": 1} [{"b": "]"}, 2]'
        >>> [text[start:end] for start, end in values(text)]
        [b'{"a": 1}', b'{"b": "]"}', b'2']
    """
    at, end = _skipped(text, 0), len(text)
    while at < end:
        if text[at] == _OPEN_LIST:
            at = yield from _elements(text, at)
        else:
            start, at = at, _value_end(text, at)
            yield start, at
        at = _skipped(text, at)


def depth(text: bytes, enough: int) -> int:
    """How deep values are nested; where that is no more than `enough`, any number up to it.

    Args:
        text: UTF-8 text of one value.
        enough: A depth up to which the result need not be exact.
    """
    left = text.translate(None, _NOT_BRACKETS)
    for _ in range(_ROUNDS):  # each takes the innermost level away
        if len(left) <= enough:
            return 0
        left = left.replace(b"[]", b"").replace(b"{}", b"")
    at = deepest = now = 0
    while (match := _NEXT.search(text, at)) is not None:
        at = match.end()
        token = text[match.start()]
        if token == _QUOTE and match.end() - match.start() == 1:
            at = _text_end(text, match.start())
        elif token in _CLOSING:
            now += 1
            deepest = max(deepest, now)
        elif token != _QUOTE:
            now -= 1
    return deepest


def identity_of(document: bytes) -> tuple[str | None, str | None]:
    """The `_id` and name of a document, where they can be read: it may be broken elsewhere.

    Example:
        >>> identity_of(b'{"x": {"name": "y"}, "_id": {"$oid": "a"}, "name": "n", "subject": NOPE')
        ('a', 'n')
    """
    members: dict[bytes, str | None] = {}
    for key, value in _members(document):
        if key in {b"_id", b"name"}:
            members[key] = _plain_text(value)
    return members.get(b"_id"), members.get(b"name")


def member(document: bytes, key: bytes) -> bytes | None:
    """The text of a value at the top of a document, the last one if its key stands twice.

    Example:
        >>> member(b'{"x": {"_id": 1}, "_id": "a"}', b"_id")
        b'"a"'
    """
    return dict(_members(document)).get(key)


def as_utf8(content: bytes) -> bytes:
    """A text as UTF-8 without a byte order mark; from UTF-16 if it begins with the mark of that.

    Halves of surrogate pairs stay, as JSON escapes them.

    Raises:
        UnicodeDecodeError: If a text in UTF-16 breaks off.

    Example:
        >>> as_utf8("[1]".encode("utf-16"))
        b'[1]'
    """
    if content[:2] in _UTF_16:
        return content.decode("utf-16", "surrogatepass").encode("utf-8", "backslashreplace")
    return content.removeprefix(_BYTE_ORDER_MARK)


def _members(document: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values at the top of a document, as they are written, as far as it is sound."""
    at = _skipped(document, 0)
    if document[at : at + 1] != b"{":
        return
    with suppress(BrokenTextError, IndexError):
        while True:
            start = _skipped(document, at + 1)
            if document[start] != _QUOTE:
                return
            end = _text_end(document, start)
            at = _skipped(document, end)
            if document[at] != _COLON:
                return
            value = _skipped(document, at + 1)
            at = _value_end(document, value)
            yield document[start + 1 : end - 1], document[value:at]
            at = _skipped(document, at)
            if document[at] != _COMMA:
                return


def _plain_text(value: bytes) -> str | None:
    """Text of a value that is a text, or an `_id` in MongoDB's form."""
    match = re.fullmatch(rb'\{\s*"\$oid"\s*:\s*("[^"\\]*")\s*\}', value)
    try:
        return _identity_text(match[1] if match else value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _elements(text: Text, at: int) -> Generator[tuple[int, int], None, int]:
    """Bounds of the elements of an array; returns where it ends."""
    at = _skipped(text, at + 1)
    if _byte(text, at) == _CLOSE_LIST:
        return at + 1
    while True:
        end = _value_end(text, at)
        yield at, end
        at = _skipped(text, end)
        if _byte(text, at) == _CLOSE_LIST:
            return at + 1
        if text[at] != _COMMA:
            raise _broken(text, at)
        at = _skipped(text, at + 1)


def _value_end(text: Text, at: int) -> int:
    first = _byte(text, at)
    if first == _QUOTE:
        return _text_end(text, at)
    if first not in _CLOSING:
        match = _SCALAR.match(text, at)
        if match is None:
            raise _broken(text, at)
        return match.end()
    return _closed(text, at)


def _closed(text: Text, start: int) -> int:
    """Where the object or array ends that begins here."""
    waiting = bytearray()
    at = start
    while (match := _NEXT.search(text, at)) is not None:
        begin, at = match.span()
        token = text[begin]
        if token == _QUOTE:
            at = _text_end(text, begin) if at - begin == 1 else at
            if text.find(b"\n", begin, at) >= 0:
                raise _broken(text, begin)
        elif token in _CLOSING:
            waiting.append(_CLOSING[token])
        elif token != waiting.pop():
            raise _broken(text, begin)
        if not waiting:
            return at
    raise BrokenTextError(f"it breaks off in the value that begins at byte {start:,}")


def _text_end(text: Text, at: int) -> int:
    """Where a text ends that begins here."""
    start = at
    while (at := text.find(b'"', at + 1)) >= 0:
        before = at - 1
        while text[before] == _BACKSLASH:
            before -= 1
        if (at - before) % 2:
            return at + 1
    raise BrokenTextError(f"it breaks off in the text that begins at byte {start:,}")


def _skipped(text: Text, at: int) -> int:
    match = _BLANK.match(text, at)
    return at if match is None else match.end()


def _byte(text: Text, at: int) -> int:
    if at >= len(text):
        raise BrokenTextError("it breaks off in an array")
    return text[at]


def _broken(text: Text, at: int) -> BrokenTextError:
    shown = bytes(text[at : at + _SHOWN]).decode(errors="replace")
    return BrokenTextError(f"at byte {at:,} stands {shown!r}, which is no JSON there")

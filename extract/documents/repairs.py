"""Repairs documents with NaN, repeated keys or extended JSON, and reports each repair.

Nearly every document needs none, and stays as it is byte for byte: it is only looked at.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any, NamedTuple

import msgspec

from extract.documents.extended_json import NOT_EXTENDED, NotANumber, plain

MAX_DEPTH = 1_000
"""Documents that are nested deeper are refused: no engine reads them."""
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_SPELT_OTHERWISE = (b" :", b"\t:", b"\n:", b"\r:", b"\\u00")
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class Repair(NamedTuple):
    """One value of a document that had to be repaired.

    Attributes:
        path: Where it stands, such as `subject.lines[0]`.
        problem: What was wrong, and what became of it.
    """

    path: str
    problem: str


class _Repeated(dict[str, Any]):
    """An object in which keys stand more than once."""

    keys_again: tuple[str, ...] = ()


def is_plain(document: bytes) -> bool:
    """Whether a document that parses holds no extended JSON and no key twice.

    Args:
        document: UTF-8 text of one JSON object.
    """
    if b'"$' in document or any(mark in document for mark in _SPELT_OTHERWISE):
        return False
    try:
        again = _encode(_decode(document))
    except (msgspec.MsgspecError, OverflowError, RecursionError):
        return False
    # Each key ends in the same two bytes in both; a key that stands twice goes in the second.
    return again.count(b'":') == document.count(b'":')


def repaired(document: bytes) -> tuple[bytes, tuple[Repair, ...]]:
    """A document as JSON, and what had to be repaired in it; as it is if that is nothing.

    Args:
        document: UTF-8 text of one object.

    Raises:
        ValueError: If it is no JSON, nor what this repairs, or no object.
        RecursionError: If it is nested too deeply.

    Example:
        >>> repaired(b'{"a": NaN, "n": {"$numberLong": "5"}}')
        (b'{"a":null,"n":5}', (Repair(path='a', problem='NaN is no number of JSON: missing'),))
    """
    value = _READER.decode(document.decode())
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004  # as other texts that are no document
    repairer = _Repairs()
    repairer.walk(value)
    if not repairer.repairs and not repairer.has_extended:
        return document, ()
    return _encode(value), tuple(repairer.repairs)


def allow_depth() -> None:
    """Let values of the depth that is allowed be read, however deep the caller stands."""
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 4 * MAX_DEPTH))


class _Repairs:
    """Repairs a decoded document in its place."""

    def __init__(self) -> None:
        self.repairs: list[Repair] = []
        self.has_extended = False

    def walk(self, document: dict[str, Any]) -> None:
        """Repair all that is in a document, without recursion."""
        waiting: list[tuple[Any, str]] = [(document, "")]
        while waiting:
            container, path = waiting.pop()
            inner: list[tuple[Any, str]] = []
            if isinstance(container, dict):
                self._check_keys(container, path)
            for key, value in list(_items(container)):
                here = _path(path, key)
                made = self._made(value, here)
                if made is not value:
                    container[key] = made
                if isinstance(made, (dict, list)):
                    inner.append((made, here))
            waiting += reversed(inner)

    def _made(self, value: Any, path: str) -> Any:  # noqa: ANN401  # any JSON value
        """What a value becomes; itself if nothing is wrong with it."""
        if isinstance(value, dict):
            made = plain(value)
            if made is NOT_EXTENDED:
                return value
            self._check_keys(value, path)
            self.has_extended = True
            value = made
        if isinstance(value, NotANumber):
            self.repairs.append(Repair(path, f"{value:s} is no number of JSON: missing"))
            return None
        if isinstance(value, str) and _HALF_PAIR.search(value):
            self.repairs.append(Repair(path, "half of a surrogate pair became U+FFFD"))
            return _HALF_PAIR.sub("\ufffd", value)
        return value

    def _check_keys(self, container: dict[str, Any], path: str) -> None:
        if isinstance(container, _Repeated):
            for key in container.keys_again:
                self.repairs.append(
                    Repair(_path(path, key), "this key stands twice: the last one counts")
                )
        if any(map(_HALF_PAIR.search, container)):
            items = list(container.items())
            container.clear()
            for key, value in items:
                mended = _HALF_PAIR.sub("\ufffd", key)
                if mended != key:
                    self.repairs.append(
                        Repair(_path(path, mended), "half of a surrogate pair in a key")
                    )
                container[mended] = value


def _items(container: Any) -> Any:  # noqa: ANN401  # an object or a list
    return container.items() if isinstance(container, dict) else enumerate(container)


def _path(path: str, key: str | int) -> str:
    if isinstance(key, int):
        return f"{path}[{key}]"
    key = _HALF_PAIR.sub("\ufffd", key)
    return f"{path}.{key}" if path else key


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; where a key stands twice the last value counts, in the first place."""
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    repeated, seen = _Repeated(made), set()
    names = [key for key, _ in pairs]
    repeated.keys_again = tuple(
        dict.fromkeys(key for key in names if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    )
    return repeated


def _number(text: str) -> msgspec.Raw:
    """A number as it is written."""
    return msgspec.Raw(text.encode())


_READER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_number,
    parse_float=_number,
    parse_constant=NotANumber,
)

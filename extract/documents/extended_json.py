"""MongoDB's extended JSON, canonical and relaxed, as the text that the same value has from BSON."""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from datetime import datetime, timedelta, timezone
from math import isfinite
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

NOT_EXTENDED = object()
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_INTEGER = re.compile(r"-?(0|[1-9]\d*)", re.ASCII)
_DATE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)", re.ASCII)
_NOT_NUMBERS = {"NaN": "NaN", "Infinity": "Infinity", "-Infinity": "-Infinity"}
_UUID = 4
_FLAGS = {"i": 2, "l": 4, "m": 8, "s": 16, "u": 32, "x": 64}  # as `re` numbers them


class NotANumber(str):
    """NaN or an infinity, which JSON cannot say."""

    __slots__ = ()


def plain(value: dict[str, Any]) -> Any:  # noqa: ANN401  # any JSON value
    """What an object in extended JSON stands for; `NOT_EXTENDED` if it is an object like others.

    Args:
        value: An object whose numbers are `msgspec.Raw`, or text.

    Example:
        >>> plain({"$oid": "5b7e5df8e48f0636800353c6"}), plain({"$numberDecimal": "1.50"})
        ('5b7e5df8e48f0636800353c6', '1.50')
        >>> plain({"$date": "2024-03-01T18:00:00Z"})
        '2024-03-01T18:00:00.000Z'
    """
    known = _KINDS.get(frozenset(value))
    if known is None:
        return NOT_EXTENDED
    try:
        return known(value)
    except (ValueError, OverflowError, KeyError, TypeError, AttributeError, binascii.Error):
        return NOT_EXTENDED


def date_text(milliseconds: int) -> str:
    """A date of BSON as text."""
    try:
        date = _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return str(milliseconds)  # beyond the year 9999, or before the year 1
    return f"{date:%Y-%m-%dT%H:%M:%S}.{date.microsecond // 1000:03}Z".zfill(24)


def _text(value: Any) -> str:  # noqa: ANN401
    if type(value) is not str:
        raise TypeError
    return value


def _integer(value: Any) -> msgspec.Raw:  # noqa: ANN401
    """An integer as it is written, as a text or as a number."""
    text = bytes(value).decode() if isinstance(value, msgspec.Raw) else _text(value)
    if not _INTEGER.fullmatch(text):
        raise ValueError
    return msgspec.Raw(text.encode())


def _double(value: Any) -> Any:  # noqa: ANN401
    text = bytes(value).decode() if isinstance(value, msgspec.Raw) else _text(value)
    if text in _NOT_NUMBERS:
        return NotANumber(text)
    number = float(text)
    if not isfinite(number):
        return NotANumber("Infinity" if number > 0 else "-Infinity")
    return msgspec.Raw(msgspec.json.encode(number))


def _date(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, dict):
        value = _integer(value["$numberLong"] if len(value) == 1 else None)
    if isinstance(value, msgspec.Raw):
        return date_text(int(bytes(_integer(value))))
    match = _DATE.fullmatch(_text(value))
    if match is None:
        raise ValueError
    fraction = (match[2] or "0").ljust(3, "0")[:3]
    zone = "+00:00" if match[3] == "Z" else f"{match[3][:3]}:{match[3][-2:]}"
    date = datetime.fromisoformat(f"{match[1]}.{fraction}{zone}")
    return date_text((date - _EPOCH) // timedelta(milliseconds=1))


def _binary(content: Any, kind: Any) -> str:  # noqa: ANN401
    data = base64.b64decode(_text(content), validate=True)
    if int(_text(kind), 16) == _UUID and len(data) == 16:  # noqa: PLR2004  # bytes of a UUID
        return str(uuid.UUID(bytes=data))
    return base64.b64encode(data).decode()


def _timestamp(value: dict[str, Any]) -> str:
    seconds, number = (bytes(_integer(value[key])).decode() for key in ("t", "i"))
    return f"Timestamp({seconds}, {number})"


def _pattern(value: dict[str, Any]) -> str:
    flags = sum(_FLAGS[option] for option in _text(value["options"]))
    return f"Regex({_text(value['pattern'])!r}, {flags})"


def _with_subtype(value: dict[str, Any]) -> str:
    content = value["$binary"]
    return _binary(content["base64"], content["subType"])


_KINDS: dict[frozenset[str], Callable[[dict[str, Any]], Any]] = {
    frozenset({"$oid"}): lambda value: _text(value["$oid"]),
    frozenset({"$date"}): lambda value: _date(value["$date"]),
    frozenset({"$numberInt"}): lambda value: _integer(value["$numberInt"]),
    frozenset({"$numberLong"}): lambda value: _integer(value["$numberLong"]),
    frozenset({"$numberDouble"}): lambda value: _double(value["$numberDouble"]),
    frozenset({"$numberDecimal"}): lambda value: _text(value["$numberDecimal"]),
    frozenset({"$uuid"}): lambda value: str(uuid.UUID(_text(value["$uuid"]))),
    frozenset({"$binary"}): _with_subtype,
    frozenset({"$binary", "$type"}): lambda value: _binary(value["$binary"], value["$type"]),
    frozenset({"$symbol"}): lambda value: _text(value["$symbol"]),
    frozenset({"$undefined"}): lambda _: None,
    frozenset({"$code"}): lambda value: _text(value["$code"]),
    frozenset({"$code", "$scope"}): lambda value: _text(value["$code"]),
    frozenset({"$timestamp"}): lambda value: _timestamp(value["$timestamp"]),
    frozenset({"$regularExpression"}): lambda value: _pattern(value["$regularExpression"]),
    frozenset({"$minKey"}): lambda _: "MinKey()",
    frozenset({"$maxKey"}): lambda _: "MaxKey()",
}

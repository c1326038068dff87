"""Conditions of `--where`, parsed into filters of the reader.

    age=100           equal; for a list column: contains this element
    age=100 age=101   the same column again: any of these
    age>=100          at least; also for times: acquisition_start_time>=2024-01-31
    age<=200          at most; together with the line before: between
    age is null       missing
    age is not null   not missing

No part of a condition becomes SQL text: the column is looked up, the value is a parameter.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from biodata_cache._core import messages as _messages
from biodata_cache._core.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Filter = object
"""Filter of one column: a value, None, a list, or a pair of ends."""

_COMPARED = re.compile(r"(?P<column>[^=<>!~]+)(?P<sign>[=<>!~]+)(?P<value>.*)", re.DOTALL)
_NULL = re.compile(r"(?P<column>[^=<>!~]+?)\s+is\s+(?P<present>not\s+)?null", re.IGNORECASE)
_INTEGER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?")
_FLOAT = re.compile(r"DOUBLE|FLOAT|REAL|DECIMAL\(.*\)")
_FLAGS = {"true": True, "false": False}
_HOW = (
    "write for example subject_id=828418, 'age>=100', 'age<=200', 'age is null' or "
    "'age is not null'; for anything else there is `biodata-cache sql`."
)


def parse(texts: Sequence[str], types: Mapping[str, str]) -> dict[str, Filter]:
    """Filters from conditions, combined with `and`.

    Raises:
        ArgumentError: If a condition cannot be parsed, its column does not exist, or its value has
            another type.

    Example:
        >>> parse(["name=a", "age>=1", "age<=9"], {"name": "VARCHAR", "age": "INTEGER"})
        {'name': 'a', 'age': (1, 9)}
    """
    equal: dict[str, list[object]] = {}
    ends: dict[str, dict[str, object]] = {}
    for text in texts:
        column, sign, written = _split(text)
        if column not in types:
            raise ArgumentError(
                f"{text!r}: there is no column {column!r}.{_messages.nearest(column, list(types))} "
                f"There are {', '.join(types)}."
            )
        if sign == "=":
            equal.setdefault(column, []).append(_value(text, types[column], written))
        elif sign == "null":
            equal.setdefault(column, []).append(None)
        elif sign == "not null":
            ends.setdefault(column, {})
        elif sign in ends.setdefault(column, {}):
            raise ArgumentError(f"{text!r}: {column} has this end already; give one of them.")
        else:
            ends[column][sign] = _value(text, types[column], written)
    twice = sorted(equal.keys() & ends.keys())
    if twice:
        raise ArgumentError(
            f"{twice[0]} cannot be compared with values and with ends at once: use "
            "`biodata-cache sql`."
        )
    single = {name: values[0] if len(values) == 1 else values for name, values in equal.items()}
    return single | {name: (end.get(">="), end.get("<=")) for name, end in ends.items()}


def _split(text: str) -> tuple[str, str, str]:
    """Column, sign and value of a condition."""
    if match := _NULL.fullmatch(text.strip()):
        return match["column"], "not null" if match["present"] else "null", ""
    match = _COMPARED.fullmatch(text)
    if match is None or not match["column"].strip():
        raise ArgumentError(f"{text!r} is no condition: {_HOW}")
    if match["sign"] not in {"=", ">=", "<="}:
        raise ArgumentError(f"{text!r}: {match['sign']!r} is no comparison here: {_HOW}")
    return match["column"].strip(), match["sign"], match["value"].strip()


def _value(text: str, kind: str, written: str) -> object:
    """The value converted to the type of its column; times stay text, which the reader parses."""
    element = kind.removesuffix("[]")
    try:
        if _INTEGER.fullmatch(element):
            return int(written)
        if _FLOAT.fullmatch(element):
            return float(written)
    except ValueError:
        raise ArgumentError(f"{text!r}: {written!r} is not a number, as {kind} needs.") from None
    if element == "BOOLEAN":
        if written.lower() not in _FLAGS:
            raise ArgumentError(f"{text!r}: {written!r} is neither true nor false.")
        return _FLAGS[written.lower()]
    return written

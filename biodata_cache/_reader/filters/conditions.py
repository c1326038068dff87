"""Parses keyword filters on columns into conditions.

Values of filters are never part of the SQL text: they are bound as parameters, or are variables.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from biodata_cache._core import messages as _messages
from biodata_cache._core.errors import ArgumentError
from biodata_cache._reader.filters import scalars as _scalars
from biodata_cache._reader.filters.kinds import (
    AnyOf,
    Bound,
    Condition,
    HasAll,
    Matches,
    Negated,
    Within,
)
from biodata_cache._reader.filters.words import AllOf, Contains, Like, Not

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from decimal import Decimal

    import numpy as np

    Scalar = str | float | date | Decimal | np.generic | None
    Word = Not | AllOf | Contains | Like
    #: A text or any of some; a pair of times is a range of times that are text.
    TextFilter = (
        str
        | None
        | Iterable[str | None]
        | tuple[date | str | None, date | str | None]
        | slice
        | Word
    )
    NumberFilter = (
        float
        | Decimal
        | np.number
        | None
        | Iterable[float | Decimal | np.number | None]
        | slice
        | Not
    )
    FlagFilter = bool | np.bool_ | None | Iterable[bool | np.bool_ | None] | Not
    TimeFilter = (
        str
        | date
        | np.datetime64
        | None
        | Iterable[str | date | np.datetime64 | None]
        | slice
        | Not
    )
    #: What a filter on a column may be: see `biodata_cache.tables`.
    FilterValue = Scalar | Iterable[Scalar] | tuple[Scalar, Scalar] | slice | Word

_PAIR = 2


def conditions(
    table: str, types: Mapping[str, str], filters: Mapping[str, object]
) -> list[Condition]:
    """Parse filters into conditions.

    Raises:
        ArgumentError: If a column does not exist, or a value does not fit its type.

    Example:
        >>> conditions("assets", {"name": "VARCHAR"}, {"name": ["a", "a", None]})
        [AnyOf(column='name', type='VARCHAR', values=('a',), or_missing=True)]
    """
    check_columns(table, types, list(filters))
    return [_condition(name, types[name], value) for name, value in filters.items()]


def check_columns(table: str, known: Iterable[str], columns: Sequence[str]) -> None:
    """Check that the columns exist.

    Raises:
        ArgumentError: If a column does not exist; names the most similar ones.
    """
    names = list(known)
    unknown = [name for name in columns if name not in names]
    if unknown:
        raise ArgumentError(
            f"{table} has no column {_messages.few(unknown)}."
            f"{_messages.nearest(unknown[0], names)} It has {', '.join(names)}."
        )


def _condition(column: str, kind: str, value: object) -> Condition:
    if isinstance(value, Not):
        inner = _condition(column, kind, value.value)
        return inner.condition if isinstance(inner, Negated) else Negated(inner)
    if isinstance(value, (AllOf, Contains, Like)):
        return _of_word(column, kind, value)
    return _of_values(column, kind, value)


def _of_word(column: str, kind: str, word: AllOf | Contains | Like) -> HasAll | Matches:
    """The condition of `all_of`, `contains` or `like`."""
    if isinstance(word, AllOf):
        if not kind.endswith("[]"):
            raise ArgumentError(
                f"{column} is of type {kind}, and all_of() is for lists: for any of several "
                "values, give a list."
            )
        values = tuple(_scalars.converted(column, kind, each) for each in word.values)
        return HasAll(column, kind, values)
    name = "contains" if isinstance(word, Contains) else "like"
    if _scalars.kind_of(_scalars.element_type(kind)) != "text":
        raise ArgumentError(f"{column} is of type {kind}, and {name}() is for texts.")
    text = _scalars.text_argument(name, word.text if isinstance(word, Contains) else word.pattern)
    return Matches(column, kind, text, isinstance(word, Like))


def _of_values(column: str, kind: str, value: object) -> AnyOf | Within:
    if isinstance(value, slice):
        if value.step is not None:
            raise ArgumentError(f"{column}: a range has no step, as in {value!r}.")
        return _within(column, kind, value.start, value.stop, value)
    if isinstance(value, tuple):
        if len(value) != _PAIR:
            raise ArgumentError(
                f"{column}: {value!r} is neither a pair (low, high) nor a list: to keep any of "
                "several values, give a list."
            )
        return _within(column, kind, value[0], value[1], value)
    value = _scalars.without_dimensions(value)
    values = [*value] if _scalars.is_many(value) else [value]
    present = [each for each in values if not _scalars.is_missing(each)]
    converted = [_scalars.converted(column, kind, each) for each in present]
    return AnyOf(column, kind, tuple(dict.fromkeys(converted)), len(present) < len(values))


def _within(column: str, kind: str, low: object, high: object, given: object) -> Within:
    what = _scalars.kind_of(kind)
    if what == "number":
        ends = [
            None if _scalars.is_missing(end) else _scalars.as_number(column, kind, end)
            for end in (low, high)
        ]
        first, last = (None if end is None else Bound(end, inclusive=True) for end in ends)
        return Within(column, first, last, is_text_time=False)
    if _scalars.is_missing(low) and _scalars.is_missing(high):  # any value that is not missing
        return Within(column, None, None, is_text_time=False)
    if what not in {"time", "text"}:
        raise ArgumentError(
            f"{column} is of type {kind}, which has no ranges like {given!r}: to keep any of "
            "several values, give a list."
        )
    is_text = what == "text"
    for end in (low, high):
        if is_text and not _scalars.is_missing(end) and not _scalars.is_time(end):
            raise ArgumentError(
                f"{column}: {given!r} is no range of times: to keep any of several texts, give a "
                "list; for a range, give datetimes, or texts like '2024-01-31'."
            )
    target = _scalars.INSTANT if is_text else kind
    first = (
        None
        if _scalars.is_missing(low)
        else Bound(_scalars.as_time(column, target, low), inclusive=True)
    )
    last = None if _scalars.is_missing(high) else _last(column, target, high)
    return Within(column, first, last, is_text_time=is_text)


def _last(column: str, kind: str, value: object) -> Bound:
    """The upper end of a range of times; a date includes the whole day."""
    if not _scalars.is_day(value):
        return Bound(_scalars.as_time(column, kind, value), inclusive=True)
    day = _scalars.timestamp(column, kind, value).date()
    if day == date.max:  # there is no next day
        return Bound(_scalars.as_time(column, kind, datetime.max), inclusive=True)
    midnight = datetime.combine(day + timedelta(days=1), time())
    return Bound(_scalars.as_time(column, kind, midnight), inclusive=False)

"""Parses keyword filters on columns into conditions.

Values of filters are never part of the SQL text: they are bound as parameters, or are constants of
DuckDB expressions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, TypeGuard

from biodata_cache._core import messages as _messages
from biodata_cache._core.errors import ArgumentError
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
    from collections.abc import Callable

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

INSTANT = "TIMESTAMP WITH TIME ZONE"
_TIMES = {"TIMESTAMP", "DATE", INSTANT}
_NUMBERS = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL\(.*\)")
_TEXT_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(?P<clock>[T ]\d{2}:\d{2}.*)?")
_PAIR = 2
# The largest integer of DuckDB.
_HUGEST = 2**127 - 1

Kind = Literal["text", "number", "flag", "time", "other"]


# Values of these are no arrays or scalars of numpy, which is imported only to look at others.
_OWN = frozenset(
    {str, bytes, bool, int, float, Decimal, date, datetime, list, tuple, set, dict, slice}
)


def conditions(
    table: str, types: Mapping[str, str], filters: Mapping[str, object]
) -> list[Condition]:
    """Parse filters into conditions.

    Args:
        table: Name of the table, for messages.
        types: DuckDB types by column.
        filters: Values by column.

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
    """The condition of `all_of`, `contains` or `like`.

    Raises:
        ArgumentError: If the column is not a list (`all_of`) or not text (`contains`, `like`).
    """
    if isinstance(word, AllOf):
        if not kind.endswith("[]"):
            raise ArgumentError(
                f"{column} is of type {kind}, and all_of() is for lists: for any of several "
                "values, give a list."
            )
        convert = _CONVERSIONS[_kind(_element(kind))]
        return HasAll(column, kind, tuple(convert(column, kind, each) for each in word.values))
    name = "contains" if isinstance(word, Contains) else "like"
    if _kind(_element(kind)) != "text":
        raise ArgumentError(f"{column} is of type {kind}, and {name}() is for texts.")
    text = text_argument(name, word.text if isinstance(word, Contains) else word.pattern)
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
    value = without_dimensions(value)
    values = [*value] if is_many(value) else [value]
    present = [each for each in values if not is_missing(each)]
    convert = _CONVERSIONS[_kind(_element(kind))]
    converted = [convert(column, kind, each) for each in present]
    return AnyOf(column, kind, tuple(dict.fromkeys(converted)), len(present) < len(values))


def is_many(value: object) -> TypeGuard[Iterable[object]]:
    """Whether a value is a collection, such as a list, a set, an array or a Series."""
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping))


def without_dimensions(value: object) -> object:
    """The scalar of a zero-dimensional array, which cannot be iterated; else the value itself."""
    if type(value) in _OWN:
        return value
    import numpy as np  # noqa: PLC0415  # not before it is needed

    return value[()] if isinstance(value, np.ndarray) and not value.ndim else value


def is_missing(value: object) -> bool:
    """Whether a value is None, NA, NaT or NaN."""
    if value is None:
        return True
    if isinstance(value, Decimal):
        return value.is_nan()
    if type(value) in _OWN:
        return isinstance(value, float) and math.isnan(value)
    import numpy as np  # noqa: PLC0415  # not before they are needed
    import pandas as pd  # noqa: PLC0415

    if value is pd.NA or value is pd.NaT:
        return True
    # NaN and NaT are not equal to themselves.
    return isinstance(value, (float, np.generic)) and bool(value != value)  # noqa: PLR0124


def _element(kind: str) -> str:
    """Type of the elements of a list type; other types as they are."""
    return kind[:-2] if kind.endswith("[]") else kind


def _kind(kind: str) -> Kind:
    if kind == "VARCHAR":
        return "text"
    if kind == "BOOLEAN":
        return "flag"
    if kind in _TIMES:
        return "time"
    return "number" if _NUMBERS.fullmatch(kind) else "other"


def text_argument(name: str, value: object) -> str:
    """The argument, after a check that it is a valid text.

    Raises:
        ArgumentError: If it is of another type, such as a number, or has a lone surrogate.
    """
    if not isinstance(value, str):
        raise ArgumentError(
            f"{name} must be a text, not {value!r} ({type(value).__name__}): give it as it stands "
            "in the record, in quotes. '0451' and '451' are two different texts."
        )
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ArgumentError(
            f"{name} must be a text of whole characters, not {value!r}: it has half of one."
        ) from None
    return str(value)


def subject_texts(value: object) -> object:
    """Subject ids, with integers converted to text; other values as they are."""
    value = without_dimensions(value)
    if is_many(value) and not isinstance(value, tuple):
        return [subject_texts(each) for each in value]
    value = plain(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _as_text(column: str, kind: str, value: object) -> str:  # noqa: ARG001
    return text_argument(column, value)


def _as_number(column: str, kind: str, value: object) -> int | float | Decimal:
    value = plain(value)
    if not isinstance(value, (int, float, Decimal)) or isinstance(value, bool):
        raise _wrong(column, kind, value, "a number")
    # Numbers beyond the range of DuckDB's integers and decimals are compared as floats.
    if isinstance(value, int) and not -_HUGEST <= value <= _HUGEST:
        return _as_float(value)
    return float(value) if isinstance(value, Decimal) and value.is_infinite() else value


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _as_flag(column: str, kind: str, value: object) -> bool:
    value = plain(value)
    if isinstance(value, bool):
        return value
    raise _wrong(column, kind, value, "True or False")


def _as_time(column: str, kind: str, value: object) -> datetime:
    stamp = _stamp(column, kind, value)
    if kind == INSTANT:
        return stamp.replace(tzinfo=timezone.utc) if stamp.tzinfo is None else stamp
    if stamp.tzinfo is not None:
        raise ArgumentError(
            f"{column} holds times without a zone, and {value!r} has one: leave the zone out."
        )
    return stamp


def instant(name: str, value: object, what: str) -> datetime:
    """A timestamp in UTC; a date is its midnight.

    Raises:
        ArgumentError: If the value is not a time; the message says `what` it must be.
    """
    try:
        return _as_time(name, INSTANT, value).astimezone(timezone.utc)
    except ArgumentError:
        raise ArgumentError(
            f"{name} must be {what} such as '2024-01-31', not {value!r} ({type(value).__name__})."
        ) from None


def _refuse(column: str, kind: str, value: object) -> object:
    raise ArgumentError(
        f"{column} is of type {kind}, which cannot be compared with {value!r}: it can be filtered "
        "by None, or in sql()."
    )


_CONVERSIONS: dict[Kind, Callable[[str, str, object], object]] = {
    "text": _as_text,
    "number": _as_number,
    "flag": _as_flag,
    "time": _as_time,
    "other": _refuse,
}


def plain(value: object) -> object:
    """The Python value of a numpy scalar; other values as they are."""
    if value is None or type(value) in _OWN:
        return value
    import numpy as np  # noqa: PLC0415  # not before it is needed

    # Times would become integers.
    if isinstance(value, np.generic) and not isinstance(value, (np.datetime64, np.timedelta64)):
        scalar: object = value.item()
        return scalar
    return value


def _wrong(column: str, kind: str, value: object, what: str) -> ArgumentError:
    return ArgumentError(
        f"{column} is of type {kind}: it must be {what}, not {value!r} ({type(value).__name__})."
    )


def _stamp(column: str, kind: str, value: object) -> datetime:
    """The timestamp of a value, with a time zone if the value has one.

    Raises:
        ArgumentError: If the value is not a time.
    """
    is_written = isinstance(value, str) and _TEXT_TIME.fullmatch(value)
    if is_written or isinstance(value, date) or _is_of_numpy(value):
        import pandas as pd  # noqa: PLC0415  # not before it is needed

        try:
            stamp: datetime = pd.Timestamp(value).to_pydatetime(warn=False)  # type: ignore[arg-type]
        except ValueError:
            raise _wrong(column, kind, value, "a time that there is") from None
        return stamp
    raise _wrong(column, kind, value, "a time: a datetime, a date, or a text like '2024-01-31'")


def _is_day(value: object) -> bool:
    """Whether a value is a date without a time of day."""
    if isinstance(value, str):
        match = _TEXT_TIME.fullmatch(value)
        return match is not None and match["clock"] is None
    if _is_of_numpy(value):
        import numpy as np  # noqa: PLC0415  # it is there: the value is of it

        return np.datetime_data(value.dtype)[0] == "D"
    return isinstance(value, date) and not isinstance(value, datetime)


def _is_of_numpy(value: object) -> TypeGuard[np.datetime64]:
    """Whether this is a time of numpy."""
    if value is None or type(value) in _OWN:
        return False
    import numpy as np  # noqa: PLC0415  # not before it is needed

    return isinstance(value, np.datetime64)


def _within(column: str, kind: str, low: object, high: object, given: object) -> Within:
    what = _kind(kind)
    if what == "number":
        ends = [None if is_missing(end) else _as_number(column, kind, end) for end in (low, high)]
        first, last = (None if end is None else Bound(end, inclusive=True) for end in ends)
        return Within(column, first, last, is_text_time=False)
    if is_missing(low) and is_missing(high):  # any value that is not missing
        return Within(column, None, None, is_text_time=False)
    if what not in {"time", "text"}:
        raise ArgumentError(
            f"{column} is of type {kind}, which has no ranges like {given!r}: to keep any of "
            "several values, give a list."
        )
    is_text = what == "text"
    for end in (low, high):
        if is_text and not is_missing(end) and not _is_time(end):
            raise ArgumentError(
                f"{column}: {given!r} is no range of times: to keep any of several texts, give a "
                "list; for a range, give datetimes, or texts like '2024-01-31'."
            )
    target = INSTANT if is_text else kind
    first = None if is_missing(low) else Bound(_as_time(column, target, low), inclusive=True)
    last = None if is_missing(high) else _last(column, target, high)
    return Within(column, first, last, is_text_time=is_text)


def _is_time(value: object) -> bool:
    if isinstance(value, str):
        return _TEXT_TIME.fullmatch(value) is not None
    return isinstance(value, date) or _is_of_numpy(value)


def _last(column: str, kind: str, value: object) -> Bound:
    """The upper end of a range of times; a date includes the whole day."""
    if not _is_day(value):
        return Bound(_as_time(column, kind, value), inclusive=True)
    day = _stamp(column, kind, value).date()
    if day == date.max:  # there is no next day
        return Bound(_as_time(column, kind, datetime.max), inclusive=True)
    midnight = datetime.combine(day + timedelta(days=1), time())
    return Bound(_as_time(column, kind, midnight), inclusive=False)

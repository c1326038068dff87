"""Python values of filters and parameters: checks them, and converts them for a type of DuckDB."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, TypeGuard

from biodata_cache._core.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

INSTANT = "TIMESTAMP WITH TIME ZONE"
_TIMES = {"TIMESTAMP", "DATE", INSTANT}
_NUMBERS = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL\(.*\)")
_TEXT_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(?P<clock>[T ]\d{2}:\d{2}.*)?")
# The largest integer of DuckDB.
_HUGEST = 2**127 - 1
Kind = Literal["text", "number", "flag", "time", "other"]
# Values of these are no arrays or scalars of numpy, which is imported only to look at others.
_OWN = frozenset(
    {str, bytes, bool, int, float, Decimal, date, datetime, list, tuple, set, dict, slice}
)


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


def element_type(kind: str) -> str:
    """Type of the elements of a list type; other types as they are."""
    return kind[:-2] if kind.endswith("[]") else kind


def kind_of(kind: str) -> Kind:
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


def as_number(column: str, kind: str, value: object) -> int | float | Decimal:
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


def as_time(column: str, kind: str, value: object) -> datetime:
    time = timestamp(column, kind, value)
    if kind == INSTANT:
        return time.replace(tzinfo=timezone.utc) if time.tzinfo is None else time
    if time.tzinfo is not None:
        raise ArgumentError(
            f"{column} holds times without a zone, and {value!r} has one: leave the zone out."
        )
    return time


def instant(name: str, value: object, what: str) -> datetime:
    """A timestamp in UTC; a date is its midnight.

    Raises:
        ArgumentError: If the value is not a time; the message says `what` it must be.
    """
    try:
        return as_time(name, INSTANT, value).astimezone(timezone.utc)
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
    "number": as_number,
    "flag": _as_flag,
    "time": as_time,
    "other": _refuse,
}


def converted(column: str, kind: str, value: object) -> object:
    """A value, not a missing one, for a column of this type, or for the elements of its lists.

    Raises:
        ArgumentError: If the value is not of that type.
    """
    return _CONVERSIONS[kind_of(element_type(kind))](column, kind, value)


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


def timestamp(column: str, kind: str, value: object) -> datetime:
    """The timestamp of a value, with a time zone if the value has one.

    Raises:
        ArgumentError: If the value is not a time.
    """
    is_written = isinstance(value, str) and _TEXT_TIME.fullmatch(value)
    if is_written or isinstance(value, date) or _is_of_numpy(value):
        import pandas as pd  # noqa: PLC0415  # not before it is needed

        try:
            time: datetime = pd.Timestamp(value).to_pydatetime(warn=False)  # type: ignore[arg-type]
        except ValueError:
            raise _wrong(column, kind, value, "a time that there is") from None
        return time
    raise _wrong(column, kind, value, "a time: a datetime, a date, or a text like '2024-01-31'")


def is_day(value: object) -> bool:
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


def is_time(value: object) -> bool:
    if isinstance(value, str):
        return _TEXT_TIME.fullmatch(value) is not None
    return isinstance(value, date) or _is_of_numpy(value)

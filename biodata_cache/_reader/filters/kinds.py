"""Conditions on a column, once the values of a filter are known to fit it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Bound(NamedTuple):
    """One end of a range.

    Attributes:
        value: The end.
        inclusive: Whether the end itself is in the range.
    """

    value: object
    inclusive: bool


@dataclass(frozen=True)
class AnyOf:
    """A column holds one of some values, or is a list with one of them.

    Attributes:
        column: Name of the column.
        type: DuckDB type of the column.
        values: The values, without doubles.
        or_missing: Whether a missing value will do, too.
    """

    column: str
    type: str
    values: tuple[object, ...]
    or_missing: bool


@dataclass(frozen=True)
class Within:
    """A column holds a value between two ends.

    Attributes:
        column: Name of the column.
        low: Lower end; None if there is none.
        high: Upper end; None if there is none.
        is_text_time: Whether the column holds times as texts, to be compared as instants.
    """

    column: str
    low: Bound | None
    high: Bound | None
    is_text_time: bool


@dataclass(frozen=True)
class HasAll:
    """A column is a list with each of some values.

    Attributes:
        column: Name of the column.
        type: DuckDB type of the column.
        values: The values.
    """

    column: str
    type: str
    values: tuple[object, ...]


@dataclass(frozen=True)
class Matches:
    """A column holds a text of a pattern, or is a list with one.

    Attributes:
        column: Name of the column.
        type: DuckDB type of the column.
        text: The pattern, or what is in the text.
        is_pattern: Whether it is a pattern of SQL, in which case counts.
    """

    column: str
    type: str
    text: str
    is_pattern: bool


@dataclass(frozen=True)
class Negated:
    """A condition does not hold, or cannot be said to.

    Attributes:
        condition: The condition.
    """

    condition: AnyOf | Within | HasAll | Matches

    @property
    def column(self) -> str:
        """Name of the column."""
        return self.condition.column


Condition = AnyOf | Within | HasAll | Matches | Negated

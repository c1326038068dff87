"""Types of conditions on a column; their values have been validated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Bound(NamedTuple):
    """One end of a range.

    Attributes:
        inclusive: Whether the limit itself is in the range.
    """

    value: object
    inclusive: bool


@dataclass(frozen=True)
class AnyOf:
    """The column has one of the values, or is a list with one of them.

    Attributes:
        type: DuckDB type of the column.
        values: The values, without duplicates.
        or_missing: Whether NULL matches, too.
    """

    column: str
    type: str
    values: tuple[object, ...]
    or_missing: bool


@dataclass(frozen=True)
class Within:
    """The value of the column is in a range.

    Attributes:
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
    """The column is a list that contains all of the values.

    Attributes:
        type: DuckDB type of the column.
    """

    column: str
    type: str
    values: tuple[object, ...]


@dataclass(frozen=True)
class Matches:
    """The text of the column, or an element of its list, matches a pattern.

    Attributes:
        type: DuckDB type of the column.
        text: The pattern, or the substring.
        is_pattern: True for a case-sensitive LIKE pattern, False for a case-insensitive substring.
    """

    column: str
    type: str
    text: str
    is_pattern: bool


@dataclass(frozen=True)
class Negated:
    """The condition is false or NULL."""

    condition: AnyOf | Within | HasAll | Matches

    @property
    def column(self) -> str:
        """Name of the column."""
        return self.condition.column


Condition = AnyOf | Within | HasAll | Matches | Negated

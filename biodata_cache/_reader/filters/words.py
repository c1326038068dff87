"""The filter functions `not_`, `all_of`, `contains` and `like`, and their types."""

from __future__ import annotations

from dataclasses import dataclass

from biodata_cache._core.errors import ArgumentError


@dataclass(frozen=True)
class Not:
    """The negation of a filter.

    Attributes:
        value: The filter that is negated.
    """

    value: object


@dataclass(frozen=True)
class AllOf:
    """A list that contains all of the values."""

    values: tuple[object, ...]


@dataclass(frozen=True)
class Contains:
    """A text, or an element of a list, that contains a substring, ignoring case."""

    text: str


@dataclass(frozen=True)
class Like:
    """A text, or an element of a list, that matches a LIKE pattern."""

    pattern: str


def not_(value: object) -> Not:
    """Negate a filter: keep the rows that it would leave out.

    Rows with a missing value are kept, too; `not_(None)` keeps the rows with a value.

    Args:
        value: Any other filter.

    Examples:
        >>> from biodata_cache import asset_basics, not_
        >>> levels = asset_basics(data_level=not_("derived"), columns=["data_level"])
        >>> "derived" in set(levels["data_level"])
        False
    """
    return Not(value)


def all_of(*values: object) -> AllOf:
    """Keep rows whose list contains all of the values.

    Args:
        values: The values, or one list of them.

    Raises:
        ArgumentError: If no value is given.

    Examples:
        >>> from biodata_cache import all_of, assets
        >>> both = assets(modalities=all_of("behavior", "behavior-videos"))
    """
    if len(values) == 1 and isinstance(values[0], (list, tuple, set, frozenset)):
        values = tuple(values[0])
    if not values:
        raise ArgumentError("all_of() needs at least one value.")
    return AllOf(values)


def contains(text: str) -> Contains:
    """Keep rows whose text, or an element of whose list, contains a substring, ignoring case.

    Args:
        text: The substring; `%` and `_` have no special meaning.

    Examples:
        >>> from biodata_cache import assets, contains
        >>> fiber = assets(name=contains("FIP"), columns=["name"])
    """
    return Contains(text)


def like(pattern: str) -> Like:
    """Keep rows whose text, or an element of whose list, matches a LIKE pattern of SQL.

    Args:
        pattern: Case-sensitive; `%` matches any characters, `_` one character.

    Examples:
        >>> from biodata_cache import assets, like
        >>> january = assets(name=like("%_2024-01-%"), columns=["name"])
    """
    return Like(pattern)

"""Filters that say more than a value does: `not_`, `all_of`, `contains` and `like`.

None of them becomes text of SQL: what they hold is bound, or is a constant, as any other value.
"""

from __future__ import annotations

from dataclasses import dataclass

from biodata_cache._core.errors import ArgumentError


@dataclass(frozen=True)
class Not:
    """Every row but those that a filter keeps.

    Attributes:
        value: What the filter keeps.
    """

    value: object


@dataclass(frozen=True)
class AllOf:
    """A list that contains each of some values.

    Attributes:
        values: The values.
    """

    values: tuple[object, ...]


@dataclass(frozen=True)
class Contains:
    """A text with this in it, in any case; of a list, an element.

    Attributes:
        text: What is in it.
    """

    text: str


@dataclass(frozen=True)
class Like:
    """A text of this pattern; of a list, an element.

    Attributes:
        pattern: The pattern.
    """

    pattern: str


def not_(value: object) -> Not:
    """A filter that keeps all rows but those that the value would keep.

    Rows of which the column is missing are kept, too; `not_(None)` keeps those where it is not.

    Args:
        value: Whatever a filter may be.

    Example:
        >>> from biodata_cache import asset_basics, not_
        >>> levels = asset_basics(data_level=not_("derived"), columns=["data_level"])
        >>> "derived" in set(levels["data_level"])
        False
    """
    return Not(value)


def all_of(*values: object) -> AllOf:
    """A filter on a column of lists: each of the values is in the list.

    Args:
        values: The values, or one list of them.

    Raises:
        ArgumentError: If there is none.

    Example:
        >>> from biodata_cache import all_of, assets
        >>> both = assets(modalities=all_of("behavior", "behavior-videos"))
    """
    if len(values) == 1 and isinstance(values[0], (list, tuple, set, frozenset)):
        values = tuple(values[0])
    if not values:
        raise ArgumentError("all_of() needs at least one value.")
    return AllOf(values)


def contains(text: str) -> Contains:
    """A filter on texts: this is somewhere in it, in any case. Of a list: in one of its elements.

    Args:
        text: What is in it, taken as it stands: `%` and `_` are characters as any other.

    Example:
        >>> from biodata_cache import assets, contains
        >>> fiber = assets(name=contains("FIP"), columns=["name"])
    """
    return Contains(text)


def like(pattern: str) -> Like:
    """A filter on texts: a pattern of SQL. Of a list: one of its elements is of that pattern.

    Args:
        pattern: `%` stands for any characters, `_` for one; case counts.

    Example:
        >>> from biodata_cache import assets, like
        >>> january = assets(name=like("%_2024-01-%"), columns=["name"])
    """
    return Like(pattern)

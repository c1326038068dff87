"""A query on one published table, and the validation of its arguments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from biodata_cache._core.errors import ArgumentError
from biodata_cache._reader.files.partitions import SUBJECT
from biodata_cache._reader.filters import scalars as _scalars

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Selection:
    """A query on one published table: columns, filters, partition key.

    Attributes:
        columns: Names of the columns, in this order; None for all.
        filters: Values by column, as in `filters.conditions`.
        key: Column that must be the partition key if there is a filter on it.
        limit: Maximum number of rows, from the first on; None for all.
        lists_as_text: Whether to join the elements of lists with `, ` to a text.
        parses_times: Whether to parse texts that hold times to timestamps in UTC.
    """

    table: str
    columns: tuple[str, ...] | None = None
    filters: Mapping[str, object] = field(default_factory=dict)
    key: str | None = None
    limit: int | None = None
    lists_as_text: bool = False
    parses_times: bool = False


def selection(
    table: str,
    columns: Sequence[str] | None,
    filters: Mapping[str, object],
    *,
    key: str | None = None,
) -> Selection:
    """Validate the arguments of a query and return it.

    Args:
        table: Name of the table.
        columns: Columns, in this order; None for all.
        filters: Values by column, and the options `limit`, `lists` (`"text"` or None) and
            `parse_times`.
        key: Column that must be the partition key if there is a filter on it.

    Raises:
        ArgumentError: If `columns` is empty, has a repeated name or something else than texts, or
            an option has an invalid value.
    """
    filters = dict(filters)
    options = _options(filters)
    if SUBJECT in filters:
        filters[SUBJECT] = _scalars.subject_texts(filters[SUBJECT])
    # A read may be repeated, and an iterator would be exhausted by then.
    filters = {
        name: list(value) if isinstance(value, Iterator) else value
        for name, value in filters.items()
    }
    if columns is None:
        return Selection(table, None, filters, key, *options)
    names = text_arguments("columns", columns)
    if not names or len(set(names)) < len(names):
        raise ArgumentError(
            f"columns must be names of columns, each once, not {names}: leave it out for all."
        )
    return Selection(table, tuple(names), filters, key, *options)


def _options(filters: dict[str, object]) -> tuple[int | None, bool, bool]:
    """Remove the options from the filters: limit, lists as text, times parsed."""
    limit = _limit(filters.pop("limit", None))
    lists, parse_times = filters.pop("lists", None), filters.pop("parse_times", False)
    if lists not in {None, "text"}:
        raise ArgumentError(f"lists must be 'text', or None for lists, not {lists!r}.")
    if not isinstance(parse_times, bool):
        raise ArgumentError(f"parse_times must be True or False, not {parse_times!r}.")
    return limit, lists == "text", parse_times


def _limit(value: object) -> int | None:
    """The maximum number of rows; None for all."""
    value = _scalars.plain(value)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise ArgumentError(f"limit must be a number of rows, not {value!r}; None for all.")


def text_arguments(name: str, values: str | Iterable[str]) -> list[str]:
    """A list of texts; a single text becomes a list of one.

    Raises:
        ArgumentError: If one of the values is not a text.
    """
    given = _scalars.without_dimensions(values)
    if isinstance(given, str):
        return [_scalars.text_argument(name, given)]
    if not isinstance(given, Iterable):
        raise ArgumentError(f"{name} must be a text or a list of texts, not {given!r}.")
    return [_scalars.text_argument(f"each of {name}", value) for value in given]

"""Whole records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata_cache import _session
from biodata_cache._core import messages as _messages
from biodata_cache._core.errors import AssetNotFoundError, NotFoundWarning
from biodata_cache._reader import records as _records
from biodata_cache._reader import selection as _selection
from biodata_cache._reader.filters import scalars as _scalars
from biodata_cache.tables._reading import read_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from typing_extensions import Unpack

    from biodata_cache._reader.filters.tables import RecordsFilters


def records(
    *, columns: Sequence[str] | None = None, **filters: Unpack[RecordsFilters]
) -> pd.DataFrame:
    """Read whole records as JSON text, one column per section; `get_record` gives them as dicts.

    Returns:
        One row per record.
    """
    return read_table("records", columns, filters)


def get_record(name_or_id: str) -> dict[str, Any]:
    """Read a whole record, for what no table has.

    Args:
        name_or_id: Name of an asset (its newest record), or the `_id` of a record.

    Returns:
        The record as it is in the database: sections as dicts, numbers of any size. A name, place,
        time or schema version that is null there has no key here.

    Raises:
        ArgumentError: If the name is not a text.
        AssetNotFoundError: If no record has that name or id.

    Examples:
        >>> from biodata_cache import assets, get_record
        >>> name = assets(columns=["name"])["name"][0]
        >>> get_record(name)["name"] == name
        True
    """
    text = _scalars.text_argument("name_or_id", name_or_id)
    records = _records.records(_session.current_published(), [text])
    if text not in records:
        raise AssetNotFoundError(
            f"The published cache has no record of the name or _id {text!r}: assets() lists names."
        )
    return records[text]


def get_records(names_or_ids: str | Iterable[str]) -> dict[str, dict[str, Any]]:
    """Read many whole records at once.

    Args:
        names_or_ids: Names of assets, or values of `_id`.

    Returns:
        The records by requested name, in that order.

    Raises:
        ArgumentError: If a name is not a text.

    Warns:
        NotFoundWarning: If some are neither a name nor an `_id`; they are left out.

    Examples:
        >>> from biodata_cache import assets, get_records
        >>> names = assets(columns=["name"])["name"][:3].tolist()
        >>> list(get_records(names)) == names
        True
    """
    texts = _selection.text_arguments("names_or_ids", names_or_ids)
    records = _records.records(_session.current_published(), texts)
    unknown = [text for text in dict.fromkeys(texts) if text not in records]
    if unknown:
        _messages.warn(
            f"The published cache has no record of the name or _id {_messages.few(unknown)}.",
            NotFoundWarning,
        )
    return records

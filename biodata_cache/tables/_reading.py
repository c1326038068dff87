"""Reads a selection of a table from the current cache, for the table functions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from biodata_cache import _session
from biodata_cache._core.errors import ArgumentError
from biodata_cache._reader import read as _read
from biodata_cache._reader import selection as _selection
from biodata_cache._reader.files.partitions import SUBJECT
from biodata_cache._reader.filters import scalars as _scalars

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd


def read_table(
    name: str, columns: Sequence[str] | None, filters: Mapping[str, object]
) -> pd.DataFrame:
    """Some columns and rows of a table."""
    selection = _selection.selection(name, columns, filters)
    return _read.frame(_session.current_published(), selection)


def read_partitions(
    name: str,
    key: str,
    value: str | Iterable[str] | None,
    columns: Sequence[str] | None,
    filters: Mapping[str, object],
    asset_names: str | Iterable[str] | None = None,
) -> pd.DataFrame:
    """Some columns and rows of some partitions of a table, or of all."""
    chosen = dict(filters)
    if key == SUBJECT:
        value = _scalars.subject_texts(value)  # type: ignore[assignment]  # checked next
    if value is not None:
        is_one = isinstance(value, (str, bytes)) or not isinstance(value, Iterable)
        chosen[key] = (
            _scalars.text_argument(key, value) if is_one else _selection.text_arguments(key, value)
        )
    if asset_names is not None:
        if "asset_name" in chosen:
            raise ArgumentError("Give asset_names or asset_name, not both: they mean the same.")
        chosen["asset_name"] = _selection.text_arguments("asset_names", asset_names)
    selection = _selection.selection(name, columns, chosen, key=key)
    return _read.frame(_session.current_published(), selection)


def read_texts(
    name: str, columns: Sequence[str] | None, filters: Mapping[str, object]
) -> list[str]:
    """Values of a table with one column, without the missing value that older publishers wrote."""
    texts: list[str] = read_table(name, columns, filters).iloc[:, 0].dropna().tolist()
    return texts

"""Parquet files into DataFrames: the one place where reading meets DuckDB."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb
import pandas as pd
from duckdb import ColumnExpression, ConstantExpression

from biodata_cache import _messages, _published
from biodata_cache._contract import quoted
from biodata_cache._errors import ArgumentError, CacheFileError
from biodata_cache._registry import REMEDY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from biodata_cache._registry import TableEntry

_INSTANT = "TIMESTAMP WITH TIME ZONE"


def table(
    name: str,
    *,
    partition: str | None = None,
    asset_names: Iterable[str] | None = None,
) -> pd.DataFrame:
    """A published table, or one partition of it.

    Args:
        name: Name of the table.
        partition: Value of its partition key; None for the whole table.
        asset_names: Values of the column `asset_name` to keep; None for all.

    Raises:
        CacheError: The table cannot be read; the message says why and what to do.
    """
    cache = _published.find()
    entry = cache.registry()[name]
    files = cache.files(entry, partition)
    with connection(files) as duck:
        rows = _scanned(duck, entry, files)
        if asset_names is not None:
            rows = _kept(rows, list(asset_names))
        return _frame(rows)


@contextmanager
def connection(files: Sequence[Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own, in UTC, for reading these files.

    One per call: threads share nothing, and the settings of the caller's own connections neither
    matter nor change.

    Raises:
        CacheFileError: DuckDB could not read the files.
    """
    with duckdb.connect() as duck:
        duck.execute("set TimeZone = 'UTC'")
        try:
            yield duck
        except duckdb.Error as error:
            reason = str(error).partition("\n")[0]
            places = _messages.few([str(path) for path in files])
            raise CacheFileError(f"{places} cannot be read ({reason}). {REMEDY}") from error


def text_argument(name: str, value: object) -> str:
    """The argument, if it is a text.

    Raises:
        ArgumentError: It is something else, for example a number.
    """
    if isinstance(value, str):
        return str(value)
    raise ArgumentError(
        f"{name} must be a text, not {value!r} ({type(value).__name__}): give it as it stands in "
        "the record, in quotes. '0451' and '451' are two different texts."
    )


def text_arguments(name: str, values: str | Iterable[str]) -> list[str]:
    """The arguments, if they are texts; a single text counts as a list of one.

    Raises:
        ArgumentError: They are something else.
    """
    if isinstance(values, str):
        return [str(values)]
    if not isinstance(values, Iterable):
        raise ArgumentError(f"{name} must be a text or a list of texts, not {values!r}.")
    return [text_argument(f"each of {name}", value) for value in values]


def _scanned(
    duck: duckdb.DuckDBPyConnection, entry: TableEntry, files: Sequence[Path]
) -> duckdb.DuckDBPyRelation:
    """All rows of the files, in the order of the files."""
    if not files:
        return _empty(duck, entry)
    # The key is a column of the files; from the folder's name its type would be guessed.
    # By name: files of older publishers had the types that a partition happened to show.
    return duck.read_parquet(
        [str(path) for path in files], hive_partitioning=False, union_by_name=True
    )


def _empty(duck: duckdb.DuckDBPyConnection, entry: TableEntry) -> duckdb.DuckDBPyRelation:
    """No rows, with the columns that the registry lists: for a table without any partition."""
    columns = [
        ConstantExpression(None).cast(duck.dtype(column.type or "VARCHAR")).alias(column.name)
        for column in entry.columns
    ]
    return duck.sql("select 1").select(*columns).limit(0)


def _kept(rows: duckdb.DuckDBPyRelation, asset_names: list[str]) -> duckdb.DuckDBPyRelation:
    """The rows of these assets."""
    if not asset_names:
        return rows.limit(0)
    return rows.filter(
        ColumnExpression("asset_name").isin(*[ConstantExpression(name) for name in asset_names])
    )


def _frame(rows: duckdb.DuckDBPyRelation) -> pd.DataFrame:
    """The rows as a DataFrame whose dtypes do not depend on whether there are values."""
    types = {name: str(kind) for name, kind in zip(rows.columns, rows.types, strict=True)}
    instants = [name for name, kind in types.items() if kind == _INSTANT]
    # DuckDB gives times with a zone to pandas by ways that pandas has deprecated: they go over as
    # UTC without a zone, and get it back here.
    frame = rows.select(
        *[
            ColumnExpression(quoted(name)).cast("TIMESTAMP").alias(name)
            if name in instants
            else ColumnExpression(quoted(name))
            for name in types
        ]
    ).df()
    for name in instants:
        frame[name] = frame[name].dt.tz_localize("UTC")
    # pandas 3 has a dtype for text, which DuckDB's columns without any text do not get.
    text = pd.Series(["text"]).dtype
    for name, kind in types.items():
        if kind == "VARCHAR" and frame[name].dtype != text:
            frame[name] = frame[name].astype(text)
        elif kind.endswith("[]") or kind.startswith(("MAP", "STRUCT")):
            # `if row.modalities:` fails on the NA that DuckDB puts here.
            frame[name] = frame[name].where(frame[name].notna(), None)
    return frame

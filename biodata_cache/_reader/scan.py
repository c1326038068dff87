"""Lazy reads of a published table as pandas, Arrow, polars or DuckDB."""

from __future__ import annotations

import html
from functools import partial
from importlib import util
from typing import TYPE_CHECKING

import duckdb

from biodata_cache._core.errors import MissingDependencyError
from biodata_cache._core.sqltext import constant, quoted
from biodata_cache._reader import frames as _frames
from biodata_cache._reader import read as _read
from biodata_cache._reader import selection as _selection
from biodata_cache._reader.files import connections as _connections
from biodata_cache._reader.files import partitions as _partitions
from biodata_cache._reader.filters import sql as _filter_sql
from biodata_cache._reader.sql import resolve_locations, view_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

    from biodata_cache._core.registry.entries import CacheRegistry
    from biodata_cache._reader.files.catalog import PublishedCache
    from biodata_cache._reader.read import Rows
    from biodata_cache._reader.selection import Selection


# Before DuckDB 1.5, closing the connection also closes its relations.
_ENDS_WITH_CONNECTION = duckdb.__version__.startswith("1.4.")
_kept_open: list[DuckDBPyConnection] = []


class Scan:
    """Some columns and rows of a published table, read anew by each method that gives them.

    Made by `scan`. Whether all columns exist is known at once, from the registry alone.
    """

    def __init__(self, opened: Callable[[], PublishedCache], selection: Selection) -> None:
        self._opened = opened
        self._selection = selection
        cache = opened()
        self._columns, self._location = _connections.consistently(
            cache, partial(self._checked, cache)
        )

    def _checked(self, cache: PublishedCache, registry: CacheRegistry) -> tuple[list[str], str]:
        """Columns and location, after checking that all columns and the partition exist."""
        selection = self._selection
        entry = registry[selection.table]
        files = _read.files_of(cache, entry, selection)
        known = _read.known_types(entry)
        if known is None:
            with _connections.connection(cache, files) as (duck, locations):
                known = _read.rows_of(
                    duck, entry, locations, _selection.Selection(selection.table)
                ).types
        columns, _ = _read.checked(entry, known, selection)
        _partitions.check(cache, registry, entry, selection.filters)
        if len(files) == 1 and not entry.objects:
            return list(columns), files[0].address
        value = selection.filters.get(str(entry.partition_key))
        is_there = isinstance(value, str) and value in _partitions.values(cache, registry, entry)
        return list(columns), cache.location(entry, str(value) if is_there else None)

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in their order."""
        return list(self._columns)

    @property
    def location(self) -> str:
        """Address of the public file, or of the folder of these, that has the rows."""
        return self._location

    def df(self) -> pd.DataFrame:
        """The rows as a pandas DataFrame, as the function of the table gives them."""
        return _read.frame(self._opened(), self._selection)

    def arrow(self) -> pa.Table:
        """The rows as a table of Arrow.

        Raises:
            MissingDependencyError: If pyarrow is not installed.
        """
        _need("pyarrow", "pip install pyarrow")

        def convert(duck: DuckDBPyConnection, rows: Rows) -> pa.Table:
            return _frames.arrow(duck, rows.query, rows.parameters)

        return _read.converted(self._opened(), self._selection, convert, _frames.arrow_of_file)

    def pl(self) -> pl.DataFrame:
        """The rows as a DataFrame of polars.

        Raises:
            MissingDependencyError: If polars or pyarrow is not installed.
        """
        _need("polars", "pip install polars pyarrow")
        _need("pyarrow", "pip install polars pyarrow")
        import polars as pl  # noqa: PLC0415  # need not be there

        return pl.DataFrame(self.arrow())

    def duckdb(self) -> DuckDBPyRelation:
        """The rows as a relation of DuckDB, in a connection of its own, read when it is used.

        What is made of it, such as `.filter(…)` or `.aggregate(…)`, is read with it at once. Its
        rows are in no order. After a publish, make it again: files that it reads may be gone.

        Examples:
            >>> from biodata_cache import scan
            >>> levels = scan("asset_basics").duckdb().aggregate("data_level, count(*) as n")
            >>> sorted(levels.columns)
            ['data_level', 'n']
        """
        cache = self._opened()
        return _connections.consistently(cache, partial(self._relation, cache))

    def _relation(self, cache: PublishedCache, registry: CacheRegistry) -> DuckDBPyRelation:
        selection = self._selection
        entry = registry[selection.table]
        files = _read.files_of(cache, entry, selection)
        locations = resolve_locations(cache, {entry.name: files})[entry.name]
        duck = cache.store.connect(locations)
        if _ENDS_WITH_CONNECTION:
            _kept_open.append(duck)
        with _connections.errors(cache, locations, [file.address for file in files]):
            duck.execute("set TimeZone = 'UTC'")
            duck.execute(view_of(duck, entry, locations, temporary=True))
            types = _read.column_types(duck, quoted(entry.name), {})
            columns, conditions = _read.checked(entry, types, selection)
            relation = duck.sql(f"from {quoted(entry.name)}")
            kept, values = _filter_sql.as_sql(conditions, _filter_sql.VARIABLE)
            for name, value in values.items():
                written = constant(value)
                if written is None:
                    duck.execute(f"set variable {name} = $value", {"value": value})
                else:
                    duck.execute(f"set variable {name} = {written}")
            relation = relation.filter(kept) if kept else relation
            converted = _read.expressions(columns, selection)
            selected = [
                duckdb.SQLExpression(converted[name][1]).alias(name)
                if name in converted
                else _filter_sql.column_expression(name)
                for name in columns
            ]
            chosen: DuckDBPyRelation = relation.select(*selected)
            return chosen if selection.limit is None else chosen.limit(selection.limit)

    def __repr__(self) -> str:
        return f"<{self._description()}\n {self._location}>"

    def _description(self) -> str:
        """The selection in words."""
        selection = self._selection
        of_all = "all columns" if selection.columns is None else ", ".join(selection.columns)
        kept = " and ".join(f"{name}={value!r}" for name, value in selection.filters.items())
        first = "" if selection.limit is None else f", the first {selection.limit}"
        return f"Scan of {selection.table}: {of_all}" + (f", where {kept}" if kept else "") + first

    def _repr_html_(self) -> str:
        return (
            f"<p><b>{html.escape(self._description())}</b><br>"
            f"<code>{html.escape(self._location)}</code></p>"
        )


def _need(package: str, install: str) -> None:
    """Check that an optional package is installed."""
    if util.find_spec(package) is None:
        raise MissingDependencyError(f"{package} is not installed: run {install}.")

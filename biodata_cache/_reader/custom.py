"""Custom tables of users: stored beside the versions, and read back with equal dtypes."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pandas as pd

from biodata_cache._core import messages as _messages
from biodata_cache._core.errors import ArgumentError, CacheFileError, CustomNotFoundError
from biodata_cache._core.foreign import json_value
from biodata_cache._core.names import TABLE_FUNCTIONS
from biodata_cache._core.sqltext import literal, quoted
from biodata_cache._reader import frames as _frames
from biodata_cache._reader import read as _read
from biodata_cache._reader.files import catalog as _published
from biodata_cache._reader.files import connections as _connections
from biodata_cache._reader.filters import scalars as _scalars
from biodata_cache._reader.filters import sql as _filter_sql
from biodata_cache._storage.base import DataFile
from biodata_cache._storage.cached import CachedStorage
from biodata_cache._storage.common import sha256_of
from biodata_cache._storage.local import LocalStorage

if TYPE_CHECKING:
    from collections.abc import Callable


FOLDER = "custom"
_MAX_NAME_LENGTH = 100
_ATTEMPTS = 4
_METADATA_KEY = "biodata_cache"
_RESERVED = {*TABLE_FUNCTIONS, "cache_registry", "cache_versions", "custom"}


def custom(opened: Callable[[], CachedStorage], name: str, df: pd.DataFrame | None) -> pd.DataFrame:
    """Store a DataFrame under a name, or read it back.

    Raises:
        AccessError: If the storage may not be written.
        ArgumentError: If the name is invalid, or a column would not come back unchanged.
        CustomNotFoundError: If there is no table of this name.
    """
    path = f"{FOLDER}/{_checked_name(name)}.pqt"
    store = opened()
    if df is None:
        return _read_table(store, name, path)
    _write_table(store, name, path, df)
    return df


def _checked_name(name: object) -> str:
    """The name, after validation."""
    text = _scalars.text_argument("name", name)
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*", text) or len(text) > _MAX_NAME_LENGTH:
        raise ArgumentError(
            f"{text!r} cannot be the name of a custom table: use 1 to {_MAX_NAME_LENGTH} ASCII "
            "letters, digits, '_', '-' and '.', the last not at the beginning."
        )
    if text.lower() in _RESERVED:
        raise ArgumentError(f"{text!r} is the name of a published table: choose another.")
    return text


def _read_table(store: CachedStorage, name: str, path: str) -> pd.DataFrame:
    for attempt in range(_ATTEMPTS):
        try:
            return _frame(store, path)
        except CacheFileError as error:  # noqa: PERF203  # next to a read that costs nothing
            names = _names(store)
            if name not in names:
                raise CustomNotFoundError(
                    f"There is no custom table {name!r} in {store.address(FOLDER)}."
                    f"{_messages.nearest(name, names)} There is {', '.join(names) or 'none'}."
                ) from None
            if attempt == _ATTEMPTS - 1 or not isinstance(error, _connections.ChangedError):
                raise
    raise AssertionError  # the last attempt returns or raises


def _names(store: CachedStorage) -> list[str]:
    """Names of the existing custom tables, sorted."""
    return sorted(
        path.removeprefix(f"{FOLDER}/").removesuffix(".pqt")
        for path in store.paths(f"{FOLDER}/")
        if re.fullmatch(rf"{FOLDER}/[^/]+\.pqt", path)
    )


def _write_table(store: CachedStorage, name: str, path: str, frame: pd.DataFrame) -> None:
    """Write a temporary file, read it back, compare, and put it into the storage."""
    _check_frame(frame)
    with tempfile.TemporaryDirectory(prefix="biodata-cache-") as folder:
        file = Path(folder) / path
        file.parent.mkdir()
        try:
            # Copied, because DuckDB cannot read columns with negative strides.
            _copy(frame.reset_index(drop=True).copy(), file)
            back = _frame(CachedStorage(LocalStorage(Path(folder))), path)
        except (duckdb.Error, CacheFileError, TypeError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise ArgumentError(
                f"The DataFrame for {name!r} cannot be kept ({reason}): give each column values of "
                "one type."
            ) from error
        _check_same(name, frame, back)
        store.storage.put(path, file, sha256_of(file))


def _check_frame(frame: object) -> None:
    """Check that a frame can be written to a parquet file."""
    if not isinstance(frame, pd.DataFrame):
        raise ArgumentError(f"df must be a pandas DataFrame, not {type(frame).__name__}.")
    names = [str(column).casefold() for column in frame.columns]
    if not names or not all(map(_is_label, frame.columns)):
        raise ArgumentError(
            f"df needs columns whose names are texts or whole numbers; it has {[*frame.columns]}."
        )
    if len(set(names)) < len(names):
        raise ArgumentError(
            f"df has two columns of one name, case aside: {_messages.few(list(frame.columns))}."
        )
    if any(name is not None for name in frame.index.names):
        raise ArgumentError(
            f"df has an index that is called {list(frame.index.names)}, which is not kept: make "
            "it a column with df.reset_index()."
        )


def _is_label(column: object) -> bool:
    """Whether a column label can be stored: a text or an integer."""
    if isinstance(column, (int, np.integer)):
        return not isinstance(column, bool)
    return isinstance(column, str) and bool(column)


def _copy(frame: pd.DataFrame, file: Path) -> None:
    """Write a parquet file, with the dtypes and the integer labels of pandas in its metadata."""
    numbers = {str(each): int(each) for each in frame.columns if not isinstance(each, str)}
    frame = frame.set_axis([*map(str, frame.columns)], axis=1)
    kinds = {name: _kind(frame[name]) for name in frame.columns}
    prepared = frame.assign(
        **{
            name: _as_python_objects(frame[name])
            for name in frame.columns
            if frame[name].dtype == object
        }
    )
    metadata = {name: _type_metadata(frame[name].dtype, kinds[name]) for name in frame.columns}
    for name, number in numbers.items():
        metadata[name]["number"] = number
    with duckdb.connect() as duck:
        duck.execute("set TimeZone = 'UTC'")
        duck.execute(f"set pandas_analyze_sample = {max(len(frame), 1)}")
        rows = duck.from_df(prepared)
        rows = rows.select(
            *[
                _filter_sql.column_expression(name).cast("VARCHAR").alias(name)
                if kinds[name] == "text"
                else _filter_sql.column_expression(name).cast("VARCHAR[]").alias(name)
                if kinds[name].startswith("empty")
                else _filter_sql.column_expression(name)
                for name in frame.columns
            ]
        )
        rows.create_view("prepared_rows")
        duck.execute(
            f"copy (from prepared_rows) to {literal(str(file))} (format parquet, "
            f"compression zstd, kv_metadata {{{_METADATA_KEY}: {literal(json.dumps(metadata))}}})"
        )


def _type_metadata(dtype: Any, kind: str) -> dict[str, Any]:  # noqa: ANN401  # of pandas or numpy
    """The metadata from which the dtype is restored."""
    description: dict[str, Any] = {"dtype": str(dtype), "kind": kind}
    if isinstance(dtype, pd.CategoricalDtype):
        categories = dtype.categories.tolist()
        if all(isinstance(category, str) for category in categories):
            description |= {"categories": categories, "ordered": dtype.ordered}
    return description


def _kind(series: pd.Series[Any]) -> str:
    """Kind of the values of a column with dtype object; `plain` for all other dtypes."""
    if series.dtype != object:
        return "plain"
    values = [value for value in series if not _is_array_missing(value)]
    if all(isinstance(value, str) for value in values):
        return "text"
    if all(isinstance(value, np.ndarray) for value in values):
        return "arrays" if any(len(value) for value in values) else "empty arrays"
    if all(isinstance(value, list) for value in values):
        return "lists" if any(values) else "empty lists"
    return "objects"


def _as_python_objects(series: pd.Series[Any]) -> pd.Series[Any]:
    """The same values with arrays as lists and missing values as None, as DuckDB reads them."""
    values = [
        None
        if _is_array_missing(value)
        else value.tolist()
        if isinstance(value, np.ndarray)
        else value
        for value in series
    ]
    return pd.Series(values, dtype=object, index=series.index)


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or value != value  # noqa: PLR0124


def _frame(store: CachedStorage, path: str) -> pd.DataFrame:
    """The table in a file, with the dtypes and labels that it was written with."""
    if not store.exists(path):
        raise CacheFileError(f"{store.address(path)} is missing.")
    cache = _published.PublishedCache(store, FOLDER)
    file = DataFile(store.address(path))
    with _connections.connection(cache, [file], is_whole=True) as (duck, (location,)):
        row = duck.execute(
            "select decode(value) from parquet_kv_metadata(?) where decode(key) = ?",
            [location, _METADATA_KEY],
        ).fetchone()
        metadata = json_value(row[0]) if row else {}
        source, values = "read_parquet($file, hive_partitioning = false)", {"file": location}
        types = _read.column_types(duck, source, values)
        # DuckDB returns integers with missing values as floats.
        longest = max(map(len, types))
        flags = {
            name: name.ljust(longest) + " is missing"  # longer than the name of any column
            for name, what in metadata.items()
            if name in types and re.fullmatch(r"U?Int\d+", what["dtype"])
        }
        selected = ", ".join(
            f"cast(coalesce({quoted(name)}, 0) as {kind}) as {quoted(name)}, "
            f"{quoted(name)} is null as {quoted(flags[name])}"
            if name in flags
            else quoted(name)
            for name, kind in types.items()
        )
        frame = _frames.frame(duck, f"select {selected} from {source}", values)
    restored = {
        name: _with_original_type(frame[name], metadata[name], frame.get(flags.get(name, "")))
        for name in frame.columns
        if name in metadata
    }
    whole: pd.DataFrame = frame.assign(**restored).loc[:, list(types)]
    numbers = {name: what["number"] for name, what in metadata.items() if "number" in what}
    numbered: pd.DataFrame = whole.rename(columns=numbers)
    return numbered


def _with_original_type(
    series: pd.Series[Any], what: dict[str, Any], missing: pd.Series[Any] | None
) -> pd.Series[Any]:
    """A column with the dtype that it was written with."""
    dtype, kind = what["dtype"], what["kind"]
    if dtype == "object":
        values = [None if _is_array_missing(value) else _unmasked(value) for value in series]
        if kind.endswith("lists"):
            values = [_as_lists(value) for value in values]
        return pd.Series(values, dtype=object, index=series.index, name=series.name)
    if missing is not None:
        whole: pd.Series[Any] = series.astype(dtype)
        return whole.mask(missing.astype(bool))
    target = pd.api.types.pandas_dtype(dtype)
    if "categories" in what:
        categories = pd.Index(what["categories"], dtype=series.dtype)
        target = pd.CategoricalDtype(categories, what["ordered"])
    if isinstance(target, pd.DatetimeTZDtype):
        series = series.dt.tz_convert(target.tz)
    if series.dtype == target:
        return series
    converted: pd.Series[Any] = series.astype(target)
    return converted


def _is_array_missing(value: object) -> bool:
    return not isinstance(value, (np.ndarray, list, dict)) and _is_missing(value)


def _unmasked(value: Any) -> Any:  # noqa: ANN401  # arrays of anything
    """A plain array for a masked one, which DuckDB returns for missing floats."""
    if isinstance(value, np.ma.MaskedArray) and value.dtype.kind == "f":
        return value.filled(np.nan)
    return value


def _as_lists(value: Any) -> Any:  # noqa: ANN401  # lists of anything
    return [_as_lists(each) for each in value.tolist()] if isinstance(value, np.ndarray) else value


def _check_same(name: str, frame: pd.DataFrame, back: pd.DataFrame) -> None:
    """Check that the frame was read back unchanged."""
    for column in frame.columns:
        before, after = frame[column].reset_index(drop=True), back.get(column)
        if after is None or before.dtype != after.dtype:
            raise ArgumentError(
                f"Column {column!r} of type {before.dtype} cannot be kept in {name!r}: it would "
                f"come back as {None if after is None else after.dtype}. Convert it first."
            )
        different = _first_difference(before, after)
        if different is not None:
            raise ArgumentError(
                f"Column {column!r} cannot be kept in {name!r}: row {different} has "
                f"{before[different]!r}, and would come back as {after[different]!r}. Convert "
                "the column to values of one type."
            )


def _first_difference(before: pd.Series[Any], after: pd.Series[Any]) -> int | None:
    """Index of the first row in which two columns of one dtype differ; None if none does."""
    if before.dtype != object:
        same = ((before == after).fillna(False) | (before.isna() & after.isna())).astype(bool)  # noqa: FBT003
        return None if same.all() else int((~same).to_numpy().argmax())
    for row, (one, other) in enumerate(zip(before, after, strict=True)):
        if not _equal(one, other):
            return row
    return None


def _equal(one: Any, other: Any) -> bool:  # noqa: ANN401  # whatever a DataFrame holds
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return _equal(one.tolist(), other.tolist())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    if _is_array_missing(one) or _is_array_missing(other):
        return _is_array_missing(one) and _is_array_missing(other)
    return type(one) is type(other) and bool(one == other)

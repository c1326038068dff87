"""Quoting of identifiers, texts and paths for SQL."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


def quoted(identifier: str) -> str:
    """A quoted identifier.

    Example:
        >>> quoted("subject_id")
        '"subject_id"'
    """
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A string literal.

    Example:
        >>> literal("it's")
        "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def constant(value: object) -> str | None:
    """A value as SQL, of the type that it has as a parameter; None if it must be one.

    DuckDB imports pandas for parameters, which takes longer than most queries.

    Example:
        >>> constant(["it's", "b"]), constant(-1), constant(0.5), constant([])
        ("['it''s', 'b']", '-1', None, None)
    """
    if isinstance(value, list):
        written = [_scalar(each) for each in value]
        are_alike = len({type(each) for each in value}) == 1 and None not in written
        return f"[{', '.join(map(str, written))}]" if are_alike else None
    return _scalar(value)


def _scalar(value: object) -> str | None:
    if type(value) is str and value.isprintable():
        return literal(value)
    if type(value) is int and abs(value) < 2**31:
        return str(value)
    return None


def comments(view: str, text: str, columns: Mapping[str, str]) -> str:
    """The statements that comment a view, whose name is quoted, and its columns.

    Example:
        >>> comments("units", "One row per unit.", {})
        "comment on view units is 'One row per unit.'"
    """
    of_columns = (
        f"comment on column {view}.{quoted(name)} is {literal(it)}" for name, it in columns.items()
    )
    return "; ".join([f"comment on view {view} is {literal(text)}", *of_columns])


def parquet_of(files: Iterable[Path]) -> str:
    """The SQL that reads these files and no other, with the columns that they have.

    Example:
        >>> from pathlib import Path
        >>> parquet_of([Path("a.pqt")])
        "read_parquet(['a.pqt'], hive_partitioning = false)"
    """
    listed = ", ".join(literal(pattern_of(str(file))) for file in files)
    return f"read_parquet([{listed}], hive_partitioning = false)"


def pattern_of(path: str) -> str:
    """A path escaped as a glob pattern of DuckDB that matches only itself.

    DuckDB takes a backslash for the end of a folder's name, so that no pattern matches a name that
    has one; where none does, it opens the file of that very name.

    Example:
        >>> pattern_of("a[b]*/c.parquet")
        'a[[]b][*]/c.parquet'
    """
    if "\\" in path and os.sep == "/" and "://" not in path:
        return path
    return "".join(f"[{char}]" if char in "[*?" else char for char in path)

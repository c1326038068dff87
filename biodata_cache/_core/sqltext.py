"""Quoting of identifiers, texts and paths for SQL."""

from __future__ import annotations


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


def pattern_of(path: str) -> str:
    """A path escaped as a glob pattern of DuckDB that matches only itself.

    Example:
        >>> pattern_of("a[b]*/c.parquet")
        'a[[]b][*]/c.parquet'
    """
    return "".join(f"[{char}]" if char in "[*?" else char for char in path)

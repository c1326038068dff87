"""Identifiers and texts as SQL writes them."""

from __future__ import annotations


def quoted(identifier: str) -> str:
    """An identifier as SQL writes it.

    Example:
        >>> quoted("subject_id")
        '"subject_id"'
    """
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL writes it.

    Example:
        >>> literal("it's")
        "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def pattern_of(path: str) -> str:
    """A path as a pattern of DuckDB that no other path matches.

    Example:
        >>> pattern_of("a[b]*/c.parquet")
        'a[[]b][*]/c.parquet'
    """
    return "".join(f"[{char}]" if char in "[*?" else char for char in path)

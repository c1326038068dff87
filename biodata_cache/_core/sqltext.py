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

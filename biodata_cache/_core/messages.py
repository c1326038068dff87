"""Parts of messages: lists of values, suggestions of names, addresses without passwords."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_FEW = 5


def few(values: Sequence[object]) -> str:
    """The first few values, and the number of the others.

    Example:
        >>> few(["a", "b"])
        "'a', 'b'"
        >>> few(range(7))
        '0, 1, 2, 3, 4 and 2 more'
    """
    shown = ", ".join(map(repr, values[:_FEW])) or "none"
    return f"{shown} and {len(values) - _FEW} more" if len(values) > _FEW else shown


def redacted(text: str) -> str:
    """The text with `***` for user and password of every address.

    Example:
        >>> redacted("no answer from http://me:secret@host/path")
        'no answer from http://***@host/path'
    """
    return re.sub(r"://[^/\s]*@", "://***@", text)


def nearest(name: str, names: Sequence[str]) -> str:
    """A sentence with the most similar names; empty if there is none.

    Example:
        >>> nearest("asset_basic", ["asset_basics", "qc"])
        " Nearest: 'asset_basics'."
    """
    found = difflib.get_close_matches(name, names, n=3)
    return f" Nearest: {few(found)}." if found else ""

"""Parts of messages: lists of values, suggestions of names, addresses without passwords."""

from __future__ import annotations

import difflib
import errno
import re
import sys
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

NO_ROOM = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})
"""Numbers of the errors of a full disk."""
_FEW = 5
_PACKAGE = __name__.partition(".")[0]
# Messages that were shown already: each is shown once.
_warned: list[str] = []


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
    similar = difflib.get_close_matches(name, names, n=3)
    return f" Nearest: {few(similar)}." if similar else ""


def warn(text: str, category: type[Warning]) -> None:
    """Warn, with the line of the caller outside of this package."""
    _, level = caller()
    warnings.warn(text, category, stacklevel=level)


def caller() -> tuple[FrameType, int]:
    """The first frame outside of this package, and its distance from the caller."""
    frame, level = sys._getframe(1), 1  # noqa: SLF001  # `warnings` skips files from Python 3.12 on
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame, level = frame.f_back, level + 1
    return frame, level


def warn_ignored(name: str, instead: str) -> None:
    """Warn once for each name that it does nothing, and what to use instead."""
    if name not in _warned:
        _warned.append(name)
        warn(f"{name} does nothing since version 0.50.0: {instead}", FutureWarning)


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == _PACKAGE

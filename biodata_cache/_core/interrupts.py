"""Ctrl-C as Python knows it, also where DuckDB was at work."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# While it runs a query, and while it reads a table of Python, maybe with the traceback of that.
_INTERRUPTED = re.compile(r"^(Query interrupted|KeyboardInterrupt)\b", re.MULTILINE)


@contextmanager
def interrupts() -> Iterator[None]:
    """Raise `KeyboardInterrupt` where DuckDB raises an error of its own for it.

    Belongs directly around what DuckDB does: whoever turns its errors into ours would otherwise say
    that a file is damaged.
    """
    try:
        yield
    except Exception as error:
        if not _INTERRUPTED.search(str(error)):
            raise
        raise KeyboardInterrupt from None

"""Ctrl-C as `KeyboardInterrupt`, also while DuckDB runs."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Messages of DuckDB: in a query; while it scans a Python object, maybe with its traceback.
_INTERRUPTED = re.compile(r"^(Query interrupted|KeyboardInterrupt)\b", re.MULTILINE)


@contextmanager
def interrupts() -> Iterator[None]:
    """Raise `KeyboardInterrupt` where DuckDB raises an error of its own for it.

    Belongs directly around calls of DuckDB, inside of what converts its errors to ours: an
    interrupted query is otherwise reported as a damaged file.
    """
    try:
        yield
    except Exception as error:
        if not _INTERRUPTED.search(str(error)):
            raise
        raise KeyboardInterrupt from None

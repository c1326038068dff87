"""Ctrl-C as `KeyboardInterrupt`, also where other code has turned it into an error of its own."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Messages of DuckDB: in a query; while it scans a Python object, possibly with its traceback.
_INTERRUPTED = re.compile(r"^(Query interrupted|KeyboardInterrupt)\b", re.MULTILINE)
_received = threading.Event()


def signal_received() -> None:
    """Record that a signal requested the end of this process."""
    _received.set()


def raise_received() -> None:
    """Raise `KeyboardInterrupt` again if a signal was received, in case other code swallowed it.

    Raises:
        KeyboardInterrupt: If a signal requested the end of this process.
    """
    if _received.is_set():
        raise KeyboardInterrupt


@contextmanager
def interrupts() -> Iterator[None]:
    """Raise `KeyboardInterrupt` for an error that an interrupt has caused.

    DuckDB raises an error of its own for it, or swallows it while it imports a package, which is
    then half imported and fails later. Belongs directly around calls of DuckDB, inside of what
    converts its errors to ours: an interrupted query is otherwise reported as a damaged file.
    """
    try:
        yield
    except Exception as error:
        if not (_received.is_set() or _INTERRUPTED.search(str(error))):
            raise
        raise KeyboardInterrupt from None

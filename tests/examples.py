"""How many examples property tests draw: some for every change, many more for a night.

`BIODATA_TEST_EXAMPLES` says how many times as many; `make test-nightly` sets it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

TIMES = int(os.environ.get("BIODATA_TEST_EXAMPLES", "1"))


def drawn(number: int) -> int:
    """How many examples to draw where a run for a change draws so many."""
    return number * TIMES


def chosen(few: Iterable[int], of: Iterable[int]) -> list[int]:
    """The few cases that stand for all; in a run that draws more, all of them."""
    return sorted({*few} if TIMES == 1 else {*few, *of})

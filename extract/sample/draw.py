"""Seeded choices whose outcome is the same on every Python."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from random import Random
from typing import TypeVar

Item = TypeVar("Item")

Quantiles = Sequence[tuple[float, float]]
"""Points of a distribution, `(share, value)` from share 0 to share 1; straight lines between."""


class Draw:
    """A stream of choices that is fixed by its name.

    Only `Random.random` is used: its sequence for a given integer seed is promised to stay, while
    `choice`, `shuffle`, `randrange` and the distributions have changed between versions.
    """

    def __init__(self, name: str) -> None:
        """Start the stream; equal names give equal ones, which `hash()` would not."""
        # Not for secrets: a generator that cannot be replayed would be of no use here.
        self._random = Random(zlib.crc32(name.encode())).random  # noqa: S311
        self._owed: dict[str, float] = {}

    def below(self, bound: int) -> int:
        """Draw an integer from 0 up to, but not including, `bound`."""
        return int(self._random() * bound)

    def between(self, low: int, high: int) -> int:
        """Draw an integer from `low` to `high`, both included."""
        return low + self.below(high - low + 1)

    def number(self, low: float, high: float, digits: int = 2) -> float:
        """Draw a number with so many digits after the point."""
        return round(low + self._random() * (high - low), digits)

    def chance(self, rate: float) -> bool:
        """Toss a coin that falls on its right side at this rate."""
        return self._random() < rate

    def due(self, trait: str, rate: float) -> bool:
        """Toss a coin that remembers: the count never strays far from `rate`.

        A plain coin may leave a rare trait out of a small sample altogether; this one shows a trait
        of rate 1/n within n tosses, at a moment that still cannot be predicted.

        Args:
            trait: Coins of different traits do not know of each other.
            rate: Share of tosses that succeed.
        """
        owed = self._owed.get(trait, 0.0) + rate
        falls = self._random() < owed
        self._owed[trait] = owed - 1.0 if falls else owed
        return falls

    def once(self, trait: str) -> bool:
        """Succeed on the first call for this trait, and never again."""
        first = trait not in self._owed
        self._owed.setdefault(trait, 0.0)
        return first

    def pick(self, items: Sequence[Item]) -> Item:
        """Draw one of the items."""
        return items[int(self._random() * len(items))]

    def weighted(self, items: Sequence[tuple[Item, float]]) -> Item:
        """Draw one of `(item, weight)`."""
        left = self._random() * sum(weight for _, weight in items)
        for item, weight in items:
            left -= weight
            if left < 0:
                return item
        return items[-1][0]

    def fair(self, trait: str, items: Sequence[tuple[Item, float]]) -> Item:
        """Draw one of `(item, weight)` as `due` does: what was passed over becomes more likely.

        Args:
            trait: Draws of different traits do not know of each other.
            items: The same ones at each draw of a trait.
        """
        total = sum(weight for _, weight in items)
        owed = [
            self._owed.get(f"{trait} {index}", 0.0) + weight / total
            for index, (_, weight) in enumerate(items)
        ]
        chosen = self.weighted([(index, max(0.0, debt)) for index, debt in enumerate(owed)])
        for index, debt in enumerate(owed):
            self._owed[f"{trait} {index}"] = debt - (index == chosen)
        return items[chosen][0]

    def fair_pick(self, trait: str, items: Sequence[Item]) -> Item:
        """Draw one of the items, as `fair` does."""
        return self.fair(trait, [(item, 1.0) for item in items])

    def some(self, items: Sequence[Item], count: int) -> list[Item]:
        """Draw so many different items, in any order."""
        return self.shuffled(items)[:count]

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """Put the items in any order."""
        result = list(items)
        for last in range(len(result) - 1, 0, -1):
            other = self.below(last + 1)
            result[last], result[other] = result[other], result[last]
        return result

    def amount(self, quantiles: Quantiles) -> int:
        """Draw a whole number from a distribution that is given by its quantiles."""
        share = self._random()
        low_share, low = quantiles[0]
        for high_share, high in quantiles[1:]:
            if share < high_share:
                return round(low + (high - low) * (share - low_share) / (high_share - low_share))
            low_share, low = high_share, high
        return round(low)

    def digits(self, count: int) -> str:
        """Draw decimal digits."""
        return f"{self.below(10**count):0{count}d}"

    def uuid(self) -> str:
        """Draw the text of a random UUID."""
        a, b, c, d = (self.below(2**32) for _ in range(4))
        return (
            f"{a:08x}-{b >> 16:04x}-4{b & 0xFFF:03x}-{0x8000 | c >> 18:04x}-{c & 0xFFFF:04x}{d:08x}"
        )

    def commit(self) -> str:
        """Draw the text of a commit hash."""
        return "".join(f"{self.below(2**32):08x}" for _ in range(5))

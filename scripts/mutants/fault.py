"""A fault: one change of one file, as somebody tired would make it."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Edit = tuple[int, int, str]


@dataclass(frozen=True)
class Fault:
    """One change of one file.

    Args:
        path: File, relative to the project.
        kind: Name of the operator.
        line: First line that changes.
        source: The file as it is.
        edits: Parts of the source, by their first and last position, and what replaces each.
    """

    path: str
    kind: str
    line: int
    source: str
    edits: tuple[Edit, ...]

    def mutated(self) -> str:
        """The file with the fault."""
        text = self.source
        for start, end, new in sorted(self.edits, reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def change(self) -> str:
        """What changes, on one line: the lines of before and after."""
        first = self.source.rfind("\n", 0, min(edit[0] for edit in self.edits)) + 1
        end = max(edit[1] for edit in self.edits)
        last = self.source.find("\n", end)
        last = len(self.source) if last < 0 else last
        mutated = self.mutated()
        after = mutated[first : last + len(mutated) - len(self.source)]
        return f"{' '.join(self.source[first:last].split())} -> {' '.join(after.split())}"

    @property
    def id(self) -> str:
        """What names this fault as long as its lines stay as they are, wherever they stand."""
        return f"{self.path} | {self.kind} | {self.change()}"


def line_of(source: str, position: int) -> int:
    """Number of the line of a position."""
    return source.count("\n", 0, position) + 1


def sampled(faults: Iterable[Fault], count: int, seed: int) -> list[Fault]:
    """Faults drawn by chance, of each kind in turn, so that rare kinds are not drowned."""
    by_kind = defaultdict(list)
    for fault in faults:
        by_kind[fault.kind].append(fault)
    chance = random.Random(seed)  # noqa: S311  # not a secret
    piles = [by_kind[kind] for kind in sorted(by_kind)]
    for pile in piles:
        chance.shuffle(pile)
    drawn: list[Fault] = []
    while len(drawn) < count and any(piles):
        drawn += [pile.pop() for pile in piles if pile]
    return drawn[:count]


def judged_equivalent(file: Path) -> dict[str, str]:
    """Faults that change nothing anybody could see: id and reason, from lines `id # reason`."""
    lines = file.read_text(encoding="utf-8").splitlines()
    pairs = [line.rpartition(" # ") for line in lines if line and not line.startswith("#")]
    return {identity.strip(): reason.strip() for identity, _, reason in pairs}

"""The verdict on each fault, reported as soon as it is known."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fault import Fault

SURVIVED, UNDECIDED = "SURVIVED", "undecided"


class Verdicts:
    """The faults planted so far, with the test that caught each, `SURVIVED` or `undecided: why`."""

    def __init__(self, planned: int) -> None:
        """The clock of the lines starts here."""
        self.planned, self.began = planned, time.monotonic()
        self.found: list[tuple[Fault, str]] = []

    def say(self, text: str) -> None:
        """Print a line with the seconds since the start."""
        print(f"{time.monotonic() - self.began:5.0f} s  {text}", flush=True)

    def add(self, fault: Fault, verdict: str) -> None:
        """Keep a verdict, and print it."""
        self.found.append((fault, verdict))
        place = f"{fault.path}:{fault.line} {fault.kind}"
        self.say(f"{len(self.found)}/{self.planned} {place}: {verdict}")

    def report(self) -> int:
        """Print what survived, and the figures of each kind: the exit code."""
        undecided = [fault for fault, verdict in self.found if verdict.startswith(UNDECIDED)]
        survived = [fault for fault, verdict in self.found if verdict == SURVIVED]
        for title, faults in (("Survived", survived), ("Not decided", undecided)):
            print(f"\n{title}:" if faults else f"\n{title}: none.")
            for fault in faults:
                print(f"  line {fault.line}: {fault.id}")
        total = Counter(it.kind for it, verdict in self.found if not verdict.startswith(UNDECIDED))
        lost = Counter(it.kind for it in survived)
        print("\nCaught of planted, by kind:")
        for kind, count in sorted(total.items()):
            print(f"  {kind}: {count - lost[kind]} of {count}")
        planted = total.total()
        caught = planted - len(survived)
        share = 100 * caught / max(planted, 1)
        print(
            f"In all: {caught} of {planted} ({share:.0f} %), of {self.planned} drawn.", flush=True
        )
        return 1 if survived or planted < self.planned else 0

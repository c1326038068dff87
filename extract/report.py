"""The report of an extract run, and the callback for its progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

Progress = Callable[[int, int], None]
"""Called now and then with the documents and the bytes read so far."""

Save = Callable[[], None]
"""Called when files of the lake are finished, to make them outlast this machine."""


_REASONS = 5


@dataclass
class Report:
    """Counts and problems of one run.

    Attributes:
        source: Where the documents came from.
        listed: Usable documents in the source.
        new: Records that the lake did not hold.
        changed: Records with other content than before.
        unchanged: Records with the same content.
        deleted: Records that the source no longer has.
        kept: Records of the lake that the source did not show, and that stay because it was not
            read whole, or because their new version could not be used.
        incomplete: Why the source was not read whole, a line for each file or document.
        vanished: Files that a folder no longer has, or that have no record any more, while those
            that were read from them stay, a line for each.
        damaged: Files of the lake that were damaged, whose records were fetched again; the first
            line says so if not all came.
        clock: What is wrong with the times in the lake; None if nothing is.
        rejected: Documents that could not be used; they are kept in `raw/rejects`.
        repaired: Documents of which something was left out; noted in `raw/rejects`.
        bytes: Bytes of JSON read.
        seconds: Wall time.
        retries: Attempts that were repeated because a source failed for a moment.
        compacted: Files that were rewritten.
    """

    source: str
    collection: str = "docdb_v2"
    listed: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    kept: int = 0
    incomplete: list[str] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    clock: str | None = None
    rejected: int = 0
    repaired: int = 0
    bytes: int = 0
    seconds: float = 0.0
    retries: int = 0
    compacted: int = 0

    @property
    def missing(self) -> list[str]:
        """Why the source was not read completely; empty if it was."""
        return [*self.incomplete, *self.vanished]

    def warnings(self) -> list[str]:
        """Warnings for the operator, a sentence each; of many of a kind only the first."""
        texts = [
            *_first("the source was not read whole", self.incomplete),
            *_first("a file is gone or empty, which --prune accepts", self.vanished),
            *_first("a file of the lake was damaged", self.damaged),
        ]
        if self.clock is not None:
            texts.append(self.clock)
        if self.kept:
            texts.append(
                f"{self.kept:,} records stay as the lake holds them, as the source was not read "
                "whole or their new version cannot be used"
            )
        return texts


def _first(what: str, reasons: list[str]) -> list[str]:
    shown = [f"{what}: {reason}" for reason in reasons[:_REASONS]]
    more = len(reasons) - _REASONS
    return [*shown, f"{what}: and {more:,} more such reasons"] if more > 0 else shown

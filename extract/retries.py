"""When to try again, and when to give up."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from biodata_cache._core.errors import SourceError

if TYPE_CHECKING:
    from threading import Event

__all__ = ["Attempts", "Retries", "StoppedError", "TransientError"]


class TransientError(SourceError):
    """A source failed in a way that may pass: a connection was lost, an answer came too late."""


class StoppedError(Exception):
    """The run was told to stop while a thread waited."""


@dataclass(frozen=True)
class Retries:
    """How long to try.

    Attributes:
        ceiling: Seconds without any progress after which a source is given up.
        first: Seconds before the second attempt; each further wait is twice as long.
        longest: The longest wait, in seconds.
    """

    ceiling: float = 300.0
    first: float = 0.5
    longest: float = 30.0


class Attempts:
    """The attempts at one thing: waits longer each time, and gives up in the end.

    Args:
        retries: How long to try.
        stop: Set when the run ends: no wait outlasts it.
    """

    def __init__(self, retries: Retries, stop: Event) -> None:
        """Starts the clock."""
        self._retries = retries
        self._stop = stop
        self.succeeded()

    def succeeded(self) -> None:
        """There was progress: the patience is what it was at first."""
        self._started = time.monotonic()
        self._wait = self._retries.first

    def failed(self, error: TransientError) -> None:
        """Wait for the next attempt.

        Raises:
            SourceError: It is time to give up.
            StoppedError: The run is to end.
        """
        spent = time.monotonic() - self._started
        if spent + self._wait > self._retries.ceiling:
            raise SourceError(
                f"{error} Gave up after {spent:.0f} s without progress; run again later, what is "
                "finished is kept."
            ) from None
        # Waits of several threads are spread, so that they do not come back all at once.
        jittered = self._wait * random.uniform(0.5, 1.0)  # noqa: S311  # not a secret
        if self._stop.wait(jittered):
            raise StoppedError
        self._wait = min(2 * self._wait, self._retries.longest)

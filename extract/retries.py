"""Retries with exponential waits, and time limits."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from biodata_cache._core.errors import SourceError

if TYPE_CHECKING:
    from threading import Event


class TransientError(SourceError):
    """A failure that a retry may resolve, such as a lost connection or a timeout."""


class StoppedError(Exception):
    """The run was stopped while a thread waited."""


@dataclass(frozen=True)
class Retries:
    """Waits and limits of retries.

    Attributes:
        ceiling: Seconds without any progress after which a source is given up.
        first: Seconds before the second attempt; each further wait is twice as long.
        longest: The longest wait, in seconds.
        listing: Times the ceiling that a listing may take in all, however much it brings.
    """

    ceiling: float = 300.0
    first: float = 0.5
    longest: float = 30.0
    listing: float = 4.0


class Limit:
    """A time limit, against sources that never end.

    Args:
        seconds: The limit.
        what: Name of the operation, for the message.
    """

    def __init__(self, seconds: float, what: str) -> None:
        """Starts the clock."""
        self._seconds = seconds
        self._what = what
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        """See whether there is time left.

        Raises:
            SourceError: If there is none.
        """
        if time.monotonic() > self._end:
            raise SourceError(
                f"{self._what} has not ended after {self._seconds:,.0f} s: look at the source, or "
                "set BIODATA_CACHE_RETRY_SECONDS to more, and run again."
            )


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
            SourceError: If there was no progress for as long as the retries allow.
            StoppedError: If the run is stopped.
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

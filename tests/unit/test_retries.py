"""When a request is repeated, and when a source is given up."""

from __future__ import annotations

from threading import Event

import pytest

from biodata_cache import SourceError
from extract.retries import Attempts, Limit, Retries, StoppedError, TransientError

LOST = TransientError("The connection was lost.")


class Waits(Event):
    """Waits no time at all, and remembers how long it was to be."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.seconds.append(timeout)
        return self.is_set()


def test_a_source_is_given_up_before_a_wait_that_would_pass_the_ceiling() -> None:
    waits = Waits()
    attempts = Attempts(Retries(ceiling=10, first=10.5), waits)
    with pytest.raises(SourceError, match="Gave up after 0 s without progress"):
        attempts.failed(LOST)
    assert waits.seconds == []


def test_waits_double_up_to_the_longest_and_are_spread() -> None:
    waits = Waits()
    attempts = Attempts(Retries(ceiling=1000, first=1, longest=6), waits)
    for _ in range(40):
        attempts.failed(LOST)
    for seconds, longest in zip(waits.seconds, [1, 2, 4, *[6] * 37], strict=True):
        assert longest / 2 <= seconds <= longest
    assert len(set(waits.seconds[3:])) > 1


def test_progress_renews_the_patience() -> None:
    """Many short failures with progress between them outlast the ceiling."""
    waits = Event()
    attempts = Attempts(Retries(ceiling=1, first=0.5), waits)
    for _ in range(6):  # each waits a quarter of a second or more
        attempts.failed(LOST)
        attempts.succeeded()


def test_progress_makes_waits_short_again() -> None:
    waits = Waits()
    attempts = Attempts(Retries(ceiling=1000, first=1), waits)
    for _ in range(4):
        attempts.failed(LOST)
    attempts.succeeded()
    attempts.failed(LOST)
    assert waits.seconds[-2] >= 4
    assert waits.seconds[-1] <= 1


def test_no_wait_outlasts_the_run() -> None:
    stop = Event()
    stop.set()
    with pytest.raises(StoppedError):
        Attempts(Retries(first=60), stop).failed(LOST)


def test_what_has_no_end_has_a_limit() -> None:
    Limit(60, "The listing").check()
    with pytest.raises(SourceError, match="The listing has not ended after -1 s"):
        Limit(-1, "The listing").check()

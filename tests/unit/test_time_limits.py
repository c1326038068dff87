"""A task that takes too long is waited for no longer, and closes what it has opened."""

from __future__ import annotations

import os
import signal
from threading import Event, Timer
from threading import enumerate as threads

import pytest

from biodata_cache._core.time_limits import result_within

LONG = 60.0


def test_a_result_and_an_error_are_those_of_the_task() -> None:
    def fail() -> None:
        raise TimeoutError("of its own")

    assert result_within(LONG, lambda: 7, name="task") == 7
    with pytest.raises(TimeoutError, match="of its own"):
        result_within(LONG, fail, name="task")


@pytest.mark.parametrize("error", [None, ValueError("late")])
def test_who_is_late_closes_what_was_opened(error: Exception | None) -> None:
    may_end, closed = Event(), Event()

    def task() -> None:
        may_end.wait(LONG)
        if error is not None:
            raise error

    with pytest.raises(TimeoutError):
        result_within(0.01, task, name="late", when_late=closed.set)
    assert not closed.is_set()
    may_end.set()
    assert closed.wait(LONG)


def test_who_is_in_time_closes_nothing() -> None:
    closed = Event()
    assert result_within(LONG, lambda: 1, name="in time", when_late=closed.set) == 1
    for thread in threads():
        if thread.name == "in time":
            thread.join()
    assert not closed.is_set()


def test_an_interrupted_wait_closes_too() -> None:
    may_end, closed = Event(), Event()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # xdist ignores it
    Timer(0.1, os.kill, [os.getpid(), signal.SIGINT]).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            result_within(LONG, lambda: may_end.wait(LONG), name="left", when_late=closed.set)
    finally:
        signal.signal(signal.SIGINT, before)
    may_end.set()
    assert closed.wait(LONG)

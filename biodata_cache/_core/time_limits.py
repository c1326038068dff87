"""A time limit for a whole operation, whatever it consists of."""

from __future__ import annotations

from concurrent.futures import Future, InvalidStateError
from concurrent.futures import TimeoutError as FutureTimeoutError
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


def result_within(
    seconds: float,
    task: Callable[[], Result],
    *,
    name: str,
    when_late: Callable[[], object] = lambda: None,
) -> Result:
    """The result of a task that runs in a thread, so that its caller can stop waiting.

    Nothing else bounds all that a request consists of: the look-up of a name, the handshake,
    headers and a body that come byte by byte. The thread never keeps the process from ending.

    Args:
        seconds: How long to wait.
        task: What to do; its errors are raised here.
        name: Name of the thread.
        when_late: Called in the thread if the task ends after the caller has stopped waiting, to
            close what it has opened.

    Raises:
        TimeoutError: If the task takes longer; it goes on until it ends by itself.
    """
    done: Future[Result] = Future()

    def work() -> None:
        try:
            end = partial(done.set_result, task())
        except BaseException as error:  # noqa: BLE001  # raised in the thread that waits
            end = partial(done.set_exception, error)
        try:
            end()
        except InvalidStateError:  # nobody waits any longer
            when_late()

    Thread(target=work, name=name, daemon=True).start()
    try:
        return done.result(timeout=seconds)
    except FutureTimeoutError:
        if done.cancel():
            raise TimeoutError from None
        return done.result()  # it ended just now, or the error is the task's own
    except BaseException:
        done.cancel()
        raise

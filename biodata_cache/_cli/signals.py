"""Signals that end a command: each is handled as Ctrl-C is, within a time limit.

A command that gets a signal unwinds as after any error: it closes what it holds, leaves its report
and says that it was interrupted. One that cannot do so in time, because it waits for a server or
for the disk, is ended all the same, with its report: whatever it writes appears only when it is
whole.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXIT_INTERRUPTED = 130
INTERRUPTED = "interrupted; what was finished is kept, and the next run continues."
_PATIENCE = 1.2
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no third one

_last_words: list[Callable[[], object]] = []
"""What is to be done before the end that nobody can delay."""


def end_as_by_ctrl_c() -> None:
    """Let the signals that end a command from outside take the way of Ctrl-C.

    One that whoever started the command chose to ignore, as `nohup` does, stays ignored.
    """
    numbers = [
        number
        for name in _NAMES
        if (number := getattr(signal, name, None)) is not None
        and signal.getsignal(number) is not signal.SIG_IGN
    ]
    for number in numbers:
        signal.signal(number, _interrupt)
    # Python's own handlers wait until the main thread has time for them; this does not.
    told, tells = socket.socketpair()
    tells.settimeout(0)
    signal.set_wakeup_fd(tells.fileno(), warn_on_full_buffer=False)
    watcher = threading.Thread(
        target=_watch, args=(told, tells, {int(number) for number in numbers}), daemon=True
    )
    watcher.start()


@contextmanager
def with_last_words(say: Callable[[], object]) -> Iterator[None]:
    """Have something done before an end that nobody can delay.

    Args:
        say: Called in another thread; it must be quick.
    """
    _last_words.append(say)
    try:
        yield
    finally:
        _last_words.remove(say)


def _interrupt(number: int, _: object) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)


def _watch(told: socket.socket, _: socket.socket, numbers: set[int]) -> None:
    while told.recv(1)[0] not in numbers:
        pass
    told.settimeout(_PATIENCE)
    try:  # a second signal is from somebody who has no patience
        while told.recv(1)[0] not in numbers:
            pass
    except TimeoutError:
        pass
    try:
        for say in _last_words:
            say()
        os.write(2, f"error: {INTERRUPTED}\n".encode())
    finally:
        os._exit(EXIT_INTERRUPTED)

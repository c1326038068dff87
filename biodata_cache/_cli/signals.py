"""Signals that end a command: SIGTERM and SIGHUP are handled like Ctrl-C, within a time limit.

A command that gets a signal unwinds as after any error: it closes its files and locks, writes its
report and prints that it was interrupted. If that takes too long, because it waits for a server or
for the disk, the process exits anyway, with its report; files are complete or absent, so nothing
is damaged.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from biodata_cache._core.interrupts import signal_received

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXIT_INTERRUPTED = 130
INTERRUPTED = "interrupted; what was finished is kept, and the next run continues."
_PATIENCE = 1.2
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no third one

_before_forced_exit: list[Callable[[], object]] = []
"""Called before the process exits by force."""


def end_as_by_ctrl_c() -> None:
    """Handle SIGTERM and SIGHUP like Ctrl-C.

    A signal that was ignored when the command started, as `nohup` does, stays ignored.
    """
    numbers = [
        number
        for name in _NAMES
        if (number := getattr(signal, name, None)) is not None
        and signal.getsignal(number) is not signal.SIG_IGN
    ]
    for number in numbers:
        signal.signal(number, _interrupt)
    # Python runs handlers in the main thread, which may be blocked; the watcher is not.
    receiver, sender = socket.socketpair()
    sender.settimeout(0)
    signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
    watcher = threading.Thread(
        target=_watch, args=(receiver, sender, {int(number) for number in numbers}), daemon=True
    )
    watcher.start()


def ignore() -> None:
    """Ignore signals from now on: the command has ended, and only Python's own exit is left."""
    for name in _NAMES:
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, signal.SIG_IGN)


@contextmanager
def before_forced_exit(action: Callable[[], object]) -> Iterator[None]:
    """Register an action, quick and for any thread, for a forced exit of the process."""
    _before_forced_exit.append(action)
    try:
        yield
    finally:
        _before_forced_exit.remove(action)


def _interrupt(number: int, _: object) -> None:
    signal_received()
    raise KeyboardInterrupt(signal.Signals(number).name)


def _watch(receiver: socket.socket, _: socket.socket, numbers: set[int]) -> None:
    while receiver.recv(1)[0] not in numbers:
        pass
    receiver.settimeout(_PATIENCE)
    try:  # a second signal exits at once
        while receiver.recv(1)[0] not in numbers:
            pass
    except TimeoutError:
        pass
    try:
        for action in _before_forced_exit:
            action()
        os.write(2, f"error: {INTERRUPTED}\n".encode())
    finally:
        os._exit(EXIT_INTERRUPTED)

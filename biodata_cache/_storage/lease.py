"""A lease for storages without locks: a document that its holder renews until it is released.

Built on `put_if` and `delete_if`. A lease ends when its document is older than its `seconds`, by
the clock of the storage; clocks of the clients do not matter.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from biodata_cache._core.errors import CacheError, LockedError
from biodata_cache._core.foreign import NotJsonError, json_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata_cache._storage.base import Storage, StoredContent

_NOBODY = "somebody unknown"
_LONGEST_OWNER = 400
_MOST_SECONDS = 86_400.0
"""A lease that is longer than a day was written by nobody."""


@contextmanager
def leased(storage: Storage, path: str, seconds: float, stage: str) -> Iterator[HeldLease]:
    """Hold the lease at a path.

    Raises:
        LockedError: If another process holds it.
    """
    lease = HeldLease(storage, path, seconds, stage)
    lease.acquire()
    try:
        yield lease
    finally:
        lease.release()


class HeldLease:
    """A lease that is renewed from a thread while it is held."""

    def __init__(self, storage: Storage, path: str, seconds: float, stage: str) -> None:
        self._storage = storage
        self._path = path
        self._seconds = seconds
        self._stage = stage
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(8)}"
        self._tag: str | None = None
        self._renewed = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew_until_ended, daemon=True)

    def acquire(self) -> None:
        """Take the lease if it is free or has ended, and start to renew it.

        Raises:
            LockedError: If another process holds it.
        """
        sent_at = time.monotonic()
        current = self._storage.get(self._path)
        if current is not None:
            owner, seconds = _held(current)
            left = (self._seconds if seconds is None else seconds) - current.age
            if left > 0:
                raise LockedError(
                    f"Another {self._stage} to {self._storage.address()} is at work, of {owner}: "
                    f"wait until it has ended. If it was killed, its lock ends in {left:.0f} s."
                )
        self._tag = self._put(None if current is None else current.tag)
        if self._tag is None:
            raise LockedError(
                f"Another {self._stage} to {self._storage.address()} has just begun: wait until "
                "it ends."
            )
        self._renewed = sent_at
        self._thread.start()

    def check(self) -> None:
        """Check that the lease is still held.

        Raises:
            LockedError: If the lease could not be renewed in time; another process may hold it.
        """
        if time.monotonic() - self._renewed > self._seconds * 0.9:
            raise LockedError(
                f"The lock of {self._storage.address()} could not be renewed for "
                f"{self._seconds:.0f} s, so another {self._stage} may be at work: "
                f"{self._stage} again."
            )

    def abandon(self) -> None:
        """Stop renewing without releasing, as if this process had been killed."""
        self._ended.set()
        self._thread.join()

    def release(self) -> None:
        """Stop renewing and delete the document; if that fails, the lease ends by itself."""
        self.abandon()
        try:
            self._storage.delete_if(self._path, self._tag or "")
        except CacheError:
            return

    def _renew_until_ended(self) -> None:
        while not self._ended.wait(self._seconds / 3):
            sent_at = time.monotonic()
            try:
                tag = self._put(self._tag)
            except CacheError:
                continue  # try again; `check` fails if it takes too long
            if tag is None:
                return  # another process has taken it: `check` fails
            self._tag, self._renewed = tag, sent_at

    def _put(self, tag: str | None) -> str | None:
        now = datetime.now(timezone.utc)
        document = {
            "owner": self._owner,
            "seconds": self._seconds,
            "expires_at": (now + timedelta(seconds=self._seconds)).isoformat(timespec="seconds"),
            "renewal": secrets.token_hex(4),  # so that each renewal changes the tag
        }
        return self._storage.put_if(self._path, (json.dumps(document) + "\n").encode(), tag)


def _held(stored: StoredContent) -> tuple[str, float | None]:
    """Owner and seconds of a lease; if the document is none, nobody and none."""
    with suppress(NotJsonError):
        held = json_value(stored.content)
        if isinstance(held, dict):
            owner, seconds = held.get("owner"), held.get("seconds")
            if not isinstance(owner, str) or len(owner) > _LONGEST_OWNER:
                owner = _NOBODY
            if not isinstance(seconds, (int, float)) or not 0 <= seconds <= _MOST_SECONDS:
                seconds = None
            return owner, seconds
    return _NOBODY, None

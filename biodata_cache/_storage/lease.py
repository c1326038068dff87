"""A lease: a document that names its holder, and counts only while its holder renews it.

Written once for every storage, on `put_if` and `delete_if`. Only the clock of the storage counts:
how old the document is.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from biodata_cache._core.errors import CacheError, LockedError
from biodata_cache._core.foreign import json_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata_cache._storage.base import Got, Storage


@contextmanager
def leased(storage: Storage, path: str, seconds: float, stage: str) -> Iterator[HeldLease]:
    """Hold the lease at a path.

    Raises:
        LockedError: If somebody else holds it.
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
        """Take the lease if nobody holds it, or nobody any more.

        Raises:
            LockedError: If somebody does.
        """
        asked = time.monotonic()
        found = self._storage.get(self._path)
        if found is not None:
            held = _document(found)
            left = float(held.get("seconds", self._seconds)) - found.age
            if left > 0:
                raise LockedError(
                    f"Another {self._stage} to {self._storage.address()} is at work, of "
                    f"{held.get('owner', 'somebody unknown')}: wait until it has ended. If it was "
                    f"killed, its lock ends in {left:.0f} s."
                )
        self._tag = self._put(None if found is None else found.tag)
        if self._tag is None:
            raise LockedError(
                f"Another {self._stage} to {self._storage.address()} has just begun: wait until "
                "it ends."
            )
        self._renewed = asked
        self._thread.start()

    def check(self) -> None:
        """Make sure that the lease is still held.

        Raises:
            LockedError: If it could not be renewed in time, so that somebody else may hold it.
        """
        if time.monotonic() - self._renewed > self._seconds * 0.9:
            raise LockedError(
                f"The lock of {self._storage.address()} could not be renewed for "
                f"{self._seconds:.0f} s, so another {self._stage} may be at work: "
                f"{self._stage} again."
            )

    def abandon(self) -> None:
        """Renew no more, as whoever is killed."""
        self._ended.set()
        self._thread.join()

    def release(self) -> None:
        """Give the lease back; if that fails it ends by itself."""
        self.abandon()
        try:
            self._storage.delete_if(self._path, self._tag or "")
        except CacheError:
            return

    def _renew_until_ended(self) -> None:
        while not self._ended.wait(self._seconds / 3):
            asked = time.monotonic()
            try:
                tag = self._put(self._tag)
            except CacheError:
                continue  # the next time may succeed, and `check` knows how long it has been
            if tag is None:
                return  # taken over: `check` will say so
            self._tag, self._renewed = tag, asked

    def _put(self, tag: str | None) -> str | None:
        now = datetime.now(timezone.utc)
        document = {
            "owner": self._owner,
            "seconds": self._seconds,
            "expires_at": (now + timedelta(seconds=self._seconds)).isoformat(timespec="seconds"),
            "renewal": secrets.token_hex(4),  # each renewal has a tag of its own
        }
        return self._storage.put_if(self._path, (json.dumps(document) + "\n").encode(), tag)


def _document(found: Got) -> dict[str, Any]:
    try:
        held = json_value(found.content)
    except ValueError:
        return {}
    return held if isinstance(held, dict) else {}

"""Responses of the gateway: records as they are written, and the order of their `_id`s."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import requests

from extract.documents import json_scan

TIMEOUTS = (10.0, 120.0)
"""Seconds to connect, and between two parts of a response."""
_split_array = msgspec.json.Decoder(list[msgspec.Raw]).decode


class UnqueryableKey:
    """An `_id` that no filter can name, such as a number of thousands of digits."""

    def __init__(self, text: bytes) -> None:
        """Takes its text, as the gateway writes it."""
        self._text = text

    def __repr__(self) -> str:  # noqa: D105
        return self._text.decode(errors="replace")


class Session(requests.Session):
    """A session with timeouts, counts its responses, and leaves records as they are."""

    responses = 0

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401
        """Ask, with limits on the waits in between.

        Raises:
            ValueError: If the response is neither complete nor an error, such as a part of it.
        """
        kwargs.setdefault("timeout", TIMEOUTS)
        response = super().request(*args, **kwargs)
        self.responses += 1
        if response.ok and response.status_code != requests.codes.ok:
            raise ValueError(f"it answered {response.status_code} {response.reason} instead of 200")
        # The client decodes each response as a whole, so that one odd record would fail all.
        response.json = lambda **_: _records(response.content)  # type: ignore[method-assign]
        return response


def _records(content: bytes) -> list[bytes]:
    """The records of a response, as they are written."""
    text = json_scan.as_utf8(content)
    if text.lstrip()[:1] != b"[":
        raise ValueError("the answer holds no records")
    try:
        return [bytes(record) for record in _split_array(text)]
    except (msgspec.DecodeError, RecursionError):
        return [text[start:end] for start, end in json_scan.values(text)]


def key_of(document: bytes) -> Any:  # noqa: ANN401  # whatever is in `_id`
    """`_id` as the gateway has it."""
    text = json_scan.member(document, b"_id")
    try:
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError):
        return UnqueryableKey(text or b"")


def identity(key: Any) -> tuple[str, str]:  # noqa: ANN401  # whatever is in `_id`
    """A key that distinguishes `_id`s, also of types that are not hashable."""
    return type(key).__name__, repr(key)


def follows(key: Any, last: Any) -> bool:  # noqa: ANN401  # whatever is in `_id`
    """Whether an `_id` can come after another, as far as their order is known."""
    for kind in (str, (int, float)):
        if isinstance(key, kind) and isinstance(last, kind):
            return bool(key > last)
    return last is None or identity(key) != identity(last)


def shown(key: Any) -> str:  # noqa: ANN401  # whatever is in `_id`
    """An `_id` for a message."""
    return ascii(key)[:80]

"""Limits of S3 responses that botocore lacks: it has one for the time between two bytes only."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ConnectionClosedError, ReadTimeoutError
from urllib3.exceptions import HTTPError

from biodata_cache._core.time_limits import result_within

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK_BYTES = 2**18
_BLOCKS_PER_PATIENCE = 5
_LISTING = 4
_MOST_PAGES = 10_000
_OBJECT = {200, 206}
_MOST_BYTES = 2**28
"""Of a response without a length, or of one that is no object."""


class EndlessError(BotoCoreError):  # type: ignore[misc]  # botocore has no types
    """A response or a listing that does not end; another attempt would not either."""

    fmt = "{what} has not ended after {measure}"


class TimeLimitedSession:
    """A session of botocore whose responses arrive within limits.

    Args:
        session: The session that sends the requests.
        patience: Seconds until the head of a response must be there. Each 256 KB of its body
            must follow within a fifth of that.
    """

    def __init__(self, session: Any, patience: float) -> None:  # noqa: ANN401  # botocore has no types
        self._session = session
        self._patience = patience

    def send(self, request: Any) -> Any:  # noqa: ANN401  # botocore has no types
        """The response to a request; its body is still to be read if it is an object.

        Raises:
            ConnectionClosedError: If the body breaks off.
            EndlessError: If it does not arrive within the limits.
        """
        is_object, request.stream_output = request.stream_output, True
        address = request.url.partition("?")[0]
        try:
            response = result_within(
                self._patience, partial(self._session.send, request), name="s3"
            )
        except TimeoutError:
            raise EndlessError(
                what=f"The response of {address}", measure=f"{self._patience:,.0f} s"
            ) from None
        is_content = is_object and response.status_code in _OBJECT
        has_length = is_content and "content-length" in response.headers
        response.raw = _Body(
            response.raw,
            address,
            self._patience / _BLOCKS_PER_PATIENCE,
            None if has_length else _MOST_BYTES,
        )
        if not is_object:
            try:
                _ = response.content
            except HTTPError as error:  # botocore repeats its own errors
                raise ConnectionClosedError(error=error, endpoint_url=address) from error
        return response

    def close(self) -> None:
        """Close all connections."""
        self._session.close()


class _Body:
    """The body of a response, each block of which arrives within a time limit."""

    def __init__(self, raw: Any, address: str, seconds: float, most: int | None) -> None:  # noqa: ANN401
        self._raw = raw
        self._address = address
        self._seconds = seconds
        self._left = most

    def read(self, size: int | None = None) -> bytes:
        """Read that many bytes, or all.

        Raises:
            EndlessError: If there are more than may be.
            ReadTimeoutError: If they arrive too slowly.
        """
        blocks, wanted = [], size
        while wanted is None or wanted > 0:
            block = self._block(_BLOCK_BYTES if wanted is None else min(wanted, _BLOCK_BYTES))
            if not block:
                break
            blocks.append(block)
            wanted = None if wanted is None else wanted - len(block)
        return b"".join(blocks)

    def stream(self) -> Iterator[bytes]:
        """All blocks."""
        while block := self._block(_BLOCK_BYTES):
            yield block

    def close(self) -> None:
        """Close the connection."""
        self._raw.close()

    def _block(self, size: int) -> bytes:
        try:
            block: bytes = result_within(
                self._seconds,
                partial(self._raw.read, size),
                name="s3",
                when_late=self._raw.close,
            )
        except TimeoutError as error:
            raise ReadTimeoutError(endpoint_url=self._address, error=error) from None
        if self._left is not None:
            self._left -= len(block)
            if self._left < 0:
                self._raw.close()
                raise EndlessError(
                    what=f"The response of {self._address}", measure=f"{_MOST_BYTES:,} bytes"
                )
        return block


def limited(pages: Any, address: str, patience: float) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    """The pages of a listing, until there are too many or they take too long.

    Raises:
        EndlessError: If the listing goes on after that.
    """
    what, spent, following = f"The listing of {address}", 0.0, iter(pages)
    for _ in range(_MOST_PAGES):
        began = time.monotonic()
        page = next(following, None)
        if page is None:
            return
        spent += time.monotonic() - began  # not what is done with a page
        if spent > _LISTING * patience:
            raise EndlessError(what=what, measure=f"{_LISTING * patience:,.0f} s")
        yield page
    raise EndlessError(what=what, measure=f"{_MOST_PAGES:,} pages")

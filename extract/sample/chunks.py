"""Documents are small dumps with bulky, pre-serialised parts dropped into them.

Dumping 100 KB per record would make the generator the slowest part of a benchmark. So whatever is
bulky and repeats (tiles, components, metrics, parameters) is dumped once, kept as bytes, and joined
into the documents that hold it.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeAlias

from extract.sample.draw import Draw

if TYPE_CHECKING:
    from collections.abc import Callable

Json: TypeAlias = dict[str, Any]

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_PLACEHOLDER = re.compile(rb'"@chunk:(\d+)"')


def encode(value: object) -> bytes:
    """Write a value as compact JSON."""
    return _ENCODER.encode(value).encode()


class Chunks:
    """The pre-serialised parts of one document."""

    def __init__(self) -> None:
        """Begin without any."""
        self._chunks: list[bytes] = []

    def hold(self, chunk: bytes) -> str:
        """Keep a chunk for `splice`.

        Args:
            chunk: A JSON value, or some elements of a list with commas between.

        Returns:
            The text to put where the chunk belongs.
        """
        self._chunks.append(chunk)
        return f"@chunk:{len(self._chunks) - 1}"

    def elements(self, chunk: bytes) -> list[Any]:
        """Keep the elements of a list, which may be none.

        Returns:
            The list to put where they belong; more elements may follow in it.
        """
        return [self.hold(chunk)] if chunk else []

    def splice(self, document: Json) -> bytes:
        """Write a document with the chunks in their positions."""
        pieces = _PLACEHOLDER.split(encode(document))
        for index in range(1, len(pieces), 2):
            pieces[index] = self._chunks[int(pieces[index])]
        return b"".join(pieces)


class Pool:
    """Serialised elements of one kind, made once, of which documents take stretches."""

    def __init__(self, name: str, size: int, make: Callable[[Draw, int], object]) -> None:
        """Make the elements.

        Args:
            name: Fixes the elements.
            size: How many; longer stretches repeat themselves.
            make: Makes the element of a position.
        """
        draw = Draw(name)
        self._elements = [encode(make(draw, position)) for position in range(size)]

    def take(self, draw: Draw, count: int) -> list[bytes]:
        """Take so many elements that follow each other, from anywhere."""
        size = len(self._elements)
        start = draw.below(size)
        stretch = self._elements[start : start + count]
        while len(stretch) < count:
            stretch += self._elements[: count - len(stretch)]
        return stretch

    def joined(self, draw: Draw, count: int) -> bytes:
        """Take so many elements, with commas between."""
        return b",".join(self.take(draw, count))

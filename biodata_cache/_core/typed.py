"""JSON documents of our own, read as the dataclasses that were written; needs the extra `sync`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeVar

import msgspec

from biodata_cache._core.foreign import NotJsonError, json_value

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone."""
_T = TypeVar("_T")


def typed_json(content: bytes | str, cls: type[_T]) -> _T:
    """Parse JSON whose every value must have the type that its field declares.

    Args:
        content: The text, or its bytes.
        cls: The dataclass.

    Raises:
        NotJsonError: If it is not JSON, or JSON of another shape.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass
        ... class Size:
        ...     rows: int
        >>> typed_json('{"rows": 3}', Size)
        Size(rows=3)
        >>> typed_json('{"rows": null}', Size)
        Traceback (most recent call last):
        biodata_cache._core.foreign.NotJsonError: Expected `int`, got `null` - at `$.rows`
    """
    try:
        return msgspec.convert(json_value(content), cls)
    except msgspec.ValidationError as reason:
        raise NotJsonError(str(reason)) from None

"""JSON documents read as the types that were written: every value is checked once, at its door."""

from __future__ import annotations

from typing import Any, TypeVar

from biodata_cache._core.foreign import NotJsonError, json_value

_T = TypeVar("_T")


def typed_json(content: bytes | str, cls: type[_T]) -> _T:
    """Parse JSON whose every value must have the type that its field declares.

    Args:
        content: The text, or its bytes.
        cls: A dataclass, named tuple or typed dictionary, or a list or dictionary of them. What a
            document has beside the fields is left out.

    Raises:
        NotJsonError: If it is not JSON, or JSON of another shape.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass
        ... class Size:
        ...     rows: int
        >>> typed_json('{"rows": 3, "bytes": 5}', Size)
        Size(rows=3)
        >>> typed_json('{"rows": null}', Size)
        Traceback (most recent call last):
        biodata_cache._core.foreign.NotJsonError: Expected `int`, got `null` - at `$.rows`
    """
    return checked(json_value(content), cls)


def checked(value: Any, cls: type[_T]) -> _T:  # noqa: ANN401  # any JSON
    """A value of JSON as such a type; see `typed_json`.

    Raises:
        NotJsonError: If it has another shape.
    """
    import msgspec  # noqa: PLC0415  # needs the extra `cli`

    try:
        return msgspec.convert(value, cls)
    except msgspec.ValidationError as error:
        raise NotJsonError(str(error)) from None

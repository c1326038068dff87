"""JSON documents read as the types that were written: every value is checked once, at its door."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints, is_typeddict

from biodata_cache._core.foreign import NotJsonError, json_value

_T = TypeVar("_T")
_Convert = Callable[[Any], Any]
_LARGEST = 2**63 - 1
"""Numbers beyond it were written by nobody, and no database holds them."""


def typed_json(content: bytes | str, cls: type[_T]) -> _T:
    """Parse JSON whose every value must have the type that its field declares.

    Args:
        content: The text, or its bytes.
        cls: A dataclass, named tuple or typed dictionary, or a list or dictionary of them. Its
            times must have a zone, its whole numbers 64 bits. What a document has beside the
            fields is left out.

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
        biodata_cache._core.foreign.NotJsonError: $.rows is no int
    """
    return checked(json_value(content), cls)


def checked(value: Any, cls: type[_T]) -> _T:  # noqa: ANN401  # any JSON
    """A value of JSON as such a type; see `typed_json`.

    Raises:
        NotJsonError: If it has another shape.
    """
    try:
        converted: _T = _converter(cast("Hashable", cls))(value)
    except NotJsonError as error:
        raise NotJsonError(f"${error}") from None
    return converted


@cache
def _converter(kind: Any) -> _Convert:  # noqa: ANN401  # what a field may declare
    """What makes a value of a type, or raises an error that begins with its path."""
    if get_origin(kind) is not None:
        # Of a dictionary the values, of `X | None` the X.
        *_, part = (each for each in get_args(kind) if each is not NoneType)
        return _GENERIC[get_origin(kind)](_converter(part))
    if is_dataclass(kind):
        needed = {
            each.name
            for each in fields(kind)
            if each.default is MISSING and each.default_factory is MISSING
        }
        return _object_of(get_type_hints(kind), needed, kind)
    if is_typeddict(kind):
        return _object_of(get_type_hints(kind), kind.__required_keys__, dict)
    if hasattr(kind, "_fields"):
        return _row_of([_converter(hint) for hint in get_type_hints(kind).values()], kind)
    return _PLAIN[kind]


def _or_null(each: _Convert) -> _Convert:
    return lambda value: None if value is None else each(value)


def _list_of(each: _Convert) -> _Convert:
    def convert(value: Any) -> list[Any]:  # noqa: ANN401
        if type(value) is not list:
            raise NotJsonError(" is no list")
        return [_at(f"[{place}]", each, item) for place, item in enumerate(value)]

    return convert


def _dict_of(each: _Convert) -> _Convert:
    def convert(value: Any) -> dict[str, Any]:  # noqa: ANN401
        if type(value) is not dict:
            raise NotJsonError(" is no object")
        return {key: _at("[…]", each, item) for key, item in value.items()}

    return convert


def _row_of(kinds: list[_Convert], make: Any) -> _Convert:  # noqa: ANN401
    def convert(value: Any) -> Any:  # noqa: ANN401
        if type(value) is not list or len(value) != len(kinds):
            raise NotJsonError(f" is no list of {len(kinds)}")
        return make(*(each(item) for each, item in zip(kinds, value, strict=True)))

    return convert


def _object_of(hints: dict[str, Any], needed: Any, make: Any) -> _Convert:  # noqa: ANN401
    kinds = {name: _converter(hint) for name, hint in hints.items()}

    def convert(value: Any) -> Any:  # noqa: ANN401
        if type(value) is not dict:
            raise NotJsonError(" is no object")
        missing = needed - value.keys()
        if missing:
            raise NotJsonError(f".{min(missing)} is missing")
        return make(
            **{
                name: _at(f".{name}", each, value[name])
                for name, each in kinds.items()
                if name in value
            }
        )

    return convert


def _at(path: str, convert: _Convert, value: Any) -> Any:  # noqa: ANN401
    try:
        return convert(value)
    except NotJsonError as error:
        raise NotJsonError(f"{path}{error}") from None


def _exactly(kind: type) -> _Convert:
    def convert(value: Any) -> Any:  # noqa: ANN401
        if type(value) is not kind:
            raise NotJsonError(f" is no {kind.__name__}")
        return value

    return convert


def _integer(value: Any) -> int:  # noqa: ANN401
    if type(value) is not int or abs(value) > _LARGEST:
        raise NotJsonError(" is no int")
    return value


def _number(value: Any) -> float:  # noqa: ANN401
    if type(value) is float or (type(value) is int and abs(value) <= _LARGEST):
        return float(value)
    raise NotJsonError(" is no number")


def _time(value: Any) -> datetime:  # noqa: ANN401
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise NotJsonError(" is no time") from None
    if time.tzinfo is None or not 1 < time.year < 9999:  # noqa: PLR2004  # of another zone, too
        raise NotJsonError(" is no time with a zone")
    return time


_PLAIN: dict[Any, _Convert] = {
    Any: lambda value: value,
    float: _number,
    datetime: _time,
    int: _integer,
    str: _exactly(str),
    bool: _exactly(bool),
}
_GENERIC: dict[Any, Callable[[_Convert], _Convert]] = {
    list: _list_of,
    dict: _dict_of,
    Union: _or_null,
    UnionType: _or_null,
}

"""Arrays and single values of a pickled frame, from the inert objects that stand for them."""

from __future__ import annotations

import datetime as dt
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from extract.objects.inert_pickle import Inert, UnsafePickleError, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def array_of(value: Any) -> np.ndarray[Any, Any]:  # noqa: ANN401
    """A numpy array, from its bytes or its list."""
    if kind_of(value) == "_frombuffer":
        data, dtype, shape, order = value.args
        flat = np.frombuffer(bytes(data), dtype=_dtype(dtype))
        return flat.reshape(_shape(shape), order="F" if order == "F" else "C")
    if kind_of(value) == "_reconstruct" and isinstance(value.state, tuple):
        _, shape, dtype, is_fortran, data = value.state
        direction: Any = "F" if is_fortran else "C"
        if isinstance(data, list):
            flat = np.empty(len(data), dtype=object)
            flat[:] = data
            return flat.reshape(_shape(shape), order=direction)
        return np.frombuffer(bytes_of(data), dtype=_dtype(dtype)).reshape(
            _shape(shape), order=direction
        )
    raise UnsafePickleError("The frame has an array of another kind than is known.")


def values_of(values: Any) -> Sequence[Any]:  # noqa: ANN401
    """Values of one column as a list, times as text."""
    if not isinstance(values, np.ndarray):
        return list(values)
    if values.dtype.kind == "M":
        texts = np.datetime_as_string(values).tolist()
        return [None if text == "NaT" else text for text in texts]
    if values.dtype.kind == "m":
        seconds = values / np.timedelta64(1, "s")
        return [None if math.isnan(each) else each for each in seconds.tolist()]
    listed: list[Any] = values.tolist()
    return listed


def bytes_of(value: Any) -> bytes:  # noqa: ANN401
    """Bytes, which old protocols write as a text and its encoding."""
    if (
        kind_of(value) == "encode"
        and value.args[1:] == ("latin1",)
        and isinstance(value.args[0], str)
    ):
        return value.args[0].encode("latin1")
    if kind_of(value) == "bytearray" and len(value.args) == 1:
        return bytes_of(value.args[0])
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if isinstance(value, str):
        return value.encode("latin1")
    raise UnsafePickleError("The frame has an array of another kind than is known.")


def _shape(shape: Any) -> tuple[int, ...]:  # noqa: ANN401
    if not isinstance(shape, tuple) or any(type(size) is not int or size < 0 for size in shape):
        raise UnsafePickleError("An array of the frame has no shape.")
    return shape


def _dtype(value: Any) -> np.dtype[Any]:  # noqa: ANN401
    """A type of numbers, flags, times or fixed text: of nothing that holds pointers."""
    if (
        kind_of(value) != "dtype"
        or not isinstance(value.args[0], str)
        or value.args[0][:1] not in "biufMmUS"
    ):
        raise UnsafePickleError("An array of the frame is of a type that holds no numbers or text.")
    code, state = value.args[0], value.state
    order = state[1] if isinstance(state, tuple) and state[1] in "<>|=" else "="
    if code[0] in "Mm":
        unit, step = state[8][1][:2]
        return np.dtype(f"{order}{code[0]}8[{step}{bytes_of(unit).decode()}]")
    return np.dtype(order + code)


def arrow_texts(value: Any) -> list[str | None]:  # noqa: ANN401
    """Texts of an Arrow array, or of one in chunks."""
    if kind_of(value) == "chunked_array":
        return [text for chunk in value.args[0] for text in arrow_texts(chunk)]
    if kind_of(value) != "_restore_array":
        raise UnsafePickleError("The frame has a column of a kind that is not known.")
    kind, length, _, offset, (validity, offsets, data), *_ = value.args[0]
    width = {"large_string": "<i8", "string": "<i4"}.get(kind.args[0])
    if kind_of(kind) != "type_for_alias" or width is None:
        raise UnsafePickleError("The frame has a column of a kind that is not known.")
    if length == 0:
        return []
    bounds = np.frombuffer(_buffer(offsets), dtype=width)[offset : offset + length + 1].tolist()
    content = _buffer(data)
    valid = [1] * length
    if validity is not None:
        bits = np.unpackbits(np.frombuffer(_buffer(validity), dtype="u1"), bitorder="little")
        valid = bits[offset : offset + length].tolist()
    if not (len(bounds) == length + 1 and len(valid) == length):
        raise UnsafePickleError("A column of the frame is shorter than it says.")
    return [
        content[start:end].decode() if is_valid else None
        for start, end, is_valid in zip(bounds[:-1], bounds[1:], valid, strict=True)
    ]


def _buffer(value: Any) -> bytes:  # noqa: ANN401
    if value is None:
        return b""
    if kind_of(value) != "py_buffer":
        raise UnsafePickleError("The frame has a column of a kind that is not known.")
    return bytes_of(value.args[0])


def scalar_of(value: Any) -> str | int | float | bool | None:  # noqa: ANN401
    """One value of a column.

    Raises:
        UnsafePickleError: If it is neither a number, text nor a time.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, type) and issubclass(value, Inert) and value.__name__ in {"NA", "NaT"}:
        return None
    if isinstance(value, list | tuple | dict) or kind_of(value) in {"_reconstruct", "_frombuffer"}:
        return json.dumps(_nested(value, [_MOST_NESTED]), ensure_ascii=False)
    made = _SCALARS.get(kind_of(value))
    if made is None:
        kind = kind_of(value) or type(value).__name__
        raise UnsafePickleError(
            f"The frame holds a value that is neither number, text nor time: {kind}."
        )
    return made(value)


def _nested(value: Any, left: list[int]) -> Any:  # noqa: ANN401
    """A list or mapping in a cell, of limited size: a pickle can repeat a value endlessly."""
    left[0] -= 1
    if left[0] < 0:
        raise UnsafePickleError(f"A value of the frame holds more than {_MOST_NESTED} others.")
    if kind_of(value) in {"_reconstruct", "_frombuffer"}:
        value = list(values_of(array_of(value)))
    if isinstance(value, list | tuple):
        return [_nested(each, left) for each in value]
    if isinstance(value, dict):
        return {str(scalar_of(key)): _nested(each, left) for key, each in value.items()}
    return scalar_of(value)


_MOST_NESTED = 100_000
_UNITS: dict[int, Any] = {7: "s", 8: "ms", 9: "us", 10: "ns"}  # as pandas numbers them


def _timestamp(value: Inert) -> str | None:
    number, _, zone, *unit = value.args
    text = str(np.datetime64(number, _UNITS[unit[0] if unit else 10]))
    return text if zone is None else f"{text}Z"


def _numpy_scalar(value: Inert) -> str | int | float | bool | None:
    dtype, data = value.args
    (number,) = values_of(np.frombuffer(bytes_of(data), dtype=_dtype(dtype)))
    return scalar_of(number)


def _of_datetime(kind: Callable[..., Any]) -> Callable[[Inert], str]:
    def text(value: Inert) -> str:
        # Of the bytes of a date or time, which its class checks; a zone is left out.
        return str(kind(bytes_of(value.args[0])).isoformat())

    return text


def _seconds(value: Inert) -> float:
    return dt.timedelta(*value.args).total_seconds()


_SCALARS: dict[str, Callable[[Inert], str | int | float | bool | None]] = {
    "_unpickle_timestamp": _timestamp,
    "_nat_unpickle": lambda _: None,
    "_timedelta_unpickle": lambda value: float(
        np.timedelta64(value.args[0], _UNITS[value.args[1]]) / np.timedelta64(1, "s")
    ),
    "scalar": _numpy_scalar,
    "date": _of_datetime(dt.date),
    "datetime": _of_datetime(dt.datetime),
    "time": _of_datetime(dt.time),
    "timedelta": _seconds,
}

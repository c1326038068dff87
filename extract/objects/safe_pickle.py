"""Reads a pickled pandas frame without running anything that the pickle asks for.

A pickle is a program: it names callables and calls them. Here every name that a frame of numbers,
text and times needs stands for an inert class, which only keeps what it is given; any other name
is refused. What was kept is then read as the data that it is. No function of pandas, numpy or
anything else is called with what the pickle says, so it does not matter which pandas wrote it, or
which one is installed: frames of pandas 1.5, 2 and 3 read alike.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import math
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np

from biodata_cache._core.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Self

__all__ = ["UnsafePickleError", "read_frame"]


class UnsafePickleError(SourceError):
    """A pickle holds something else than a frame of numbers, text and times; nothing of it ran."""


def read_frame(content: bytes) -> dict[str, list[str | int | float | bool | None]]:
    """Columns of a pickled frame: those of its index, then its own.

    Args:
        content: The pickle.

    Returns:
        Values by column. The names of columns of several levels are joined by slashes; times are
        ISO 8601 text, durations seconds, and what is missing is None.

    Raises:
        UnsafePickleError: The pickle names what no such frame needs, or is no such frame.
    """
    try:
        frame = _Reader(io.BytesIO(content)).load()
        return _columns_of(frame)
    except UnsafePickleError:
        raise
    except RecursionError:
        raise UnsafePickleError("The pickle is nested too deeply to be a frame.") from None
    except MemoryError:
        raise UnsafePickleError("The pickle asks for more memory than there is.") from None
    except Exception as error:
        # Whatever a broken or made-up pickle leads to: it is not what it should be.
        raise UnsafePickleError(f"The pickle is no frame that can be read: {error}") from error


class _Inert:
    """Stands for a class or function of a pickle; keeps what it is given and does nothing."""

    args: tuple[Any, ...] = ()
    state: Any = None

    def __new__(cls, *args: Any) -> Self:  # noqa: ANN401
        made = object.__new__(cls)
        made.args = args
        return made

    def __setstate__(self, state: Any) -> None:  # noqa: ANN401
        self.state = state


class _Getattr(_Inert):
    """`getattr` of a pickle: one attribute is asked for, that which makes time zones again."""

    def __new__(cls, *args: Any) -> Self:  # noqa: ANN401
        owner, *names = args
        if names != ["_unpickle"] or owner is not _KNOWN["zoneinfo", "ZoneInfo"]:
            raise UnsafePickleError("The pickle asks for an attribute, which no frame needs.")
        return super().__new__(cls, *args)

    def __call__(self, *args: Any) -> _Inert:  # noqa: ANN401
        return _KNOWN["zoneinfo", "ZoneInfo"](*args)


_NAMES = {
    "builtins": "bytearray slice",
    "datetime": "date datetime time timedelta timezone",
    "zoneinfo": "ZoneInfo",
    "pytz": "_p _UTC",
    "_codecs": "encode",
    "numpy": "ndarray dtype",
    "numpy.core.multiarray": "_reconstruct scalar",
    "numpy._core.multiarray": "_reconstruct scalar",
    "numpy.core.numeric": "_frombuffer",
    "numpy._core.numeric": "_frombuffer",
    "pandas": (
        "DataFrame Index MultiIndex RangeIndex DatetimeIndex CategoricalIndex NA NaT Categorical "
        "CategoricalDtype DatetimeTZDtype StringDtype BooleanDtype Float32Dtype Float64Dtype "
        "Int8Dtype Int16Dtype Int32Dtype Int64Dtype UInt8Dtype UInt16Dtype UInt32Dtype UInt64Dtype"
    ),
    "pandas.arrays": (
        "ArrowStringArray BooleanArray DatetimeArray FloatingArray IntegerArray "
        "NumpyExtensionArray StringArray TimedeltaArray"
    ),
    "pandas._libs.arrays": "__pyx_unpickle_NDArrayBacked",
    "pandas._libs.internals": "BlockManager _unpickle_block",
    "pandas._libs.missing": "NA",
    "pandas._libs.tslibs.nattype": "_nat_unpickle",
    "pandas._libs.tslibs.timestamps": "_unpickle_timestamp",
    "pandas._libs.tslibs.timedeltas": "_timedelta_unpickle",
    "pandas.core.arrays.boolean": "BooleanArray BooleanDtype",
    "pandas.core.arrays.categorical": "Categorical",
    "pandas.core.arrays.datetimes": "DatetimeArray",
    "pandas.core.arrays.floating": "FloatingArray Float32Dtype Float64Dtype",
    "pandas.core.arrays.integer": (
        "IntegerArray Int8Dtype Int16Dtype Int32Dtype Int64Dtype "
        "UInt8Dtype UInt16Dtype UInt32Dtype UInt64Dtype"
    ),
    "pandas.core.arrays.numpy_": "PandasArray NumpyExtensionArray",
    "pandas.core.arrays.string_": "StringArray StringArrayNumpySemantics StringDtype",
    "pandas.core.arrays.string_arrow": "ArrowStringArray ArrowStringArrayNumpySemantics",
    "pandas.core.arrays.timedeltas": "TimedeltaArray",
    "pandas.core.dtypes.dtypes": "CategoricalDtype DatetimeTZDtype",
    "pandas.core.frame": "DataFrame",
    "pandas.core.indexes.base": "Index _new_Index",
    "pandas.core.indexes.category": "CategoricalIndex",
    "pandas.core.indexes.datetimes": "DatetimeIndex _new_DatetimeIndex",
    "pandas.core.indexes.frozen": "FrozenList",
    "pandas.core.indexes.multi": "MultiIndex",
    "pandas.core.indexes.numeric": "Int64Index UInt64Index Float64Index",
    "pandas.core.indexes.range": "RangeIndex",
    "pandas.core.internals.managers": "BlockManager",
    "pyarrow.lib": "_restore_array chunked_array py_buffer type_for_alias",
}
_KNOWN: dict[tuple[str, str], type[_Inert]] = {
    (module, name): type(name, (_Inert,), {})
    for module, names in _NAMES.items()
    for name in names.split()
}
_KNOWN["builtins", "getattr"] = _Getattr


class _Reader(pickle.Unpickler):
    """Admits the names above, as inert classes."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401
        known = _KNOWN.get((module, name))
        if known is None:
            raise UnsafePickleError(
                f"The pickle was refused, and nothing of it ran: it names {module}.{name}, which "
                "no pandas frame of numbers, text and times needs."
            )
        return known

    def persistent_load(self, pid: Any) -> Any:  # noqa: ANN401, ARG002
        raise UnsafePickleError("The pickle was refused: it refers to something outside itself.")


# --- what was kept, read as data -----------------------------------------------------------------


def _columns_of(frame: Any) -> dict[str, list[str | int | float | bool | None]]:  # noqa: ANN401
    if _kind(frame) != "DataFrame" or not isinstance(frame.state, dict):
        raise UnsafePickleError("The pickle holds no pandas frame.")
    manager = frame.state.get("_mgr")
    if not isinstance(manager, _Inert) or _kind(manager) != "BlockManager" or not manager.args:
        raise UnsafePickleError("The frame is of a pandas older than 1.5.")
    blocks, (columns, rows) = manager.args
    names = _labels(columns)
    row_count = _row_count(blocks)
    found: dict[str, list[Any]] = {}
    for level, values in _levels(rows, row_count):
        _put(found, level, values)
    placed: dict[int, list[Any]] = {}
    for block in blocks:
        values, placement, _ = block.args
        places = _places(placement, len(names))
        stretches = _stretches(values)
        if len(stretches) != len(places):
            raise UnsafePickleError("A block of the frame has other columns than it says.")
        placed.update(zip(places, stretches, strict=True))
    if sorted(placed) != list(range(len(names))):
        raise UnsafePickleError("The frame lacks columns.")
    for place, name in enumerate(names):
        _put(found, name, placed[place])
    if any(len(values) != len(next(iter(found.values()))) for values in found.values()):
        raise UnsafePickleError("The columns of the frame differ in their length.")
    return {name: [_scalar(value) for value in values] for name, values in found.items()}


def _put(found: dict[str, list[Any]], name: str, values: list[Any]) -> None:
    if name in found:
        raise UnsafePickleError(f"The frame has two columns called {name!r}.")
    found[name] = values


def _kind(value: Any) -> str:  # noqa: ANN401
    return type(value).__name__ if isinstance(value, _Inert) else ""


def _row_count(blocks: Sequence[Any]) -> int | None:
    """Rows of the first block; None for a frame without columns."""
    for block in blocks:
        for stretch in _stretches(block.args[0]):
            return len(stretch)
    return None


def _places(placement: Any, columns: int) -> list[int]:  # noqa: ANN401
    """Positions of a block's columns."""
    if _kind(placement) == "slice":
        return list(range(columns)[slice(*placement.args)])
    return [int(place) for place in _array(placement)]


def _stretches(values: Any) -> list[list[Any]]:  # noqa: ANN401
    """The values of a block, column by column."""
    array = _values(values)
    if isinstance(array, np.ndarray) and array.ndim > 1:
        return [list(_listed(stretch)) for stretch in array]
    return [list(_listed(array))]


def _labels(index: Any) -> list[str]:  # noqa: ANN401
    """Names of the columns, those of several levels joined."""
    levels = [values for _, values in _levels(index, None)]
    return [
        "/".join(text for part in parts if (text := str(_scalar(part) or "")))
        for parts in zip(*levels, strict=True)
    ]


def _levels(index: Any, rows: int | None) -> list[tuple[str, list[Any]]]:  # noqa: ANN401
    """Names and values of the levels of an index."""
    if _kind(index) not in {"_new_Index", "_new_DatetimeIndex"}:
        raise UnsafePickleError("The frame has an index of another kind than is known.")
    kind, parts = index.args
    if kind.__name__ == "MultiIndex":
        names = [_name(name, number) for number, name in enumerate(_plain(parts["names"]))]
        levels = []
        for level, codes in zip(_plain(parts["levels"]), _plain(parts["codes"]), strict=True):
            ((_, values),) = _levels(level, None)
            levels.append([None if code < 0 else values[code] for code in _array(codes).tolist()])
        return list(zip(names, levels, strict=True))
    name = _name(parts.get("name"), 0)
    if kind.__name__ == "RangeIndex":
        numbers = range(parts["start"], parts["stop"], parts["step"])
        if len(numbers) != rows and rows is not None:
            raise UnsafePickleError("The columns of the frame differ in their length.")
        return [(name, list(numbers) if rows is not None else [])]
    return [(name, list(_listed(_values(parts["data"]))))]


def _name(name: Any, number: int) -> str:  # noqa: ANN401
    return f"level_{number}" if name is None else str(_scalar(name))


def _plain(value: Any) -> list[Any]:  # noqa: ANN401
    """A list, or one that pandas calls frozen."""
    if _kind(value) == "FrozenList":
        (value,) = value.args or (value.state,)
    if not isinstance(value, list | tuple):
        raise UnsafePickleError("The frame has an index of another kind than is known.")
    return list(value)


def _values(values: Any) -> Any:  # noqa: ANN401
    """Array of a column of any kind: numpy's, or a list with None for what is missing."""
    kind = _kind(values)
    made = _ARRAYS.get(kind)
    if made is None:
        raise UnsafePickleError(f"The frame has a column of a kind that is not known: {kind!r}.")
    return made(values)


def _backed(values: _Inert) -> Any:  # noqa: ANN401
    """Array of a kind that pandas keeps in one of numpy: times, categories, text."""
    dtype, data = values.state[0], values.state[1]
    array = _array(data)
    if values.args[0].__name__ == "Categorical":
        ((_, labels),) = _levels(dtype.state["categories"], None)
        return [None if code < 0 else labels[code] for code in array.tolist()]
    return _Zoned(array) if _kind(dtype) == "DatetimeTZDtype" else array


def _masked(values: _Inert) -> list[Any]:
    data, mask = _array(values.state["_data"]).tolist(), _array(values.state["_mask"]).tolist()
    return [None if is_missing else value for value, is_missing in zip(data, mask, strict=True)]


class _Zoned(list[Any]):
    """Times of an array that are instants, as text in UTC."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        stretch = array.reshape(-1)
        super().__init__(None if text is None else f"{text}Z" for text in _listed(stretch))


def _listed(values: Any) -> Sequence[Any]:  # noqa: ANN401
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


def _array(value: Any) -> np.ndarray[Any, Any]:  # noqa: ANN401
    """A numpy array, from its bytes or its list."""
    if _kind(value) == "_frombuffer":
        data, dtype, shape, order = value.args
        flat = np.frombuffer(bytes(data), dtype=_dtype(dtype))
        return flat.reshape(_shape(shape), order="F" if order == "F" else "C")
    if _kind(value) == "_reconstruct" and isinstance(value.state, tuple):
        _, shape, dtype, is_fortran, data = value.state
        direction: Any = "F" if is_fortran else "C"
        if isinstance(data, list):
            flat = np.empty(len(data), dtype=object)
            flat[:] = data
            return flat.reshape(_shape(shape), order=direction)
        return np.frombuffer(_bytes(data), dtype=_dtype(dtype)).reshape(
            _shape(shape), order=direction
        )
    raise UnsafePickleError("The frame has an array of another kind than is known.")


def _shape(shape: Any) -> tuple[int, ...]:  # noqa: ANN401
    if not isinstance(shape, tuple) or any(type(size) is not int or size < 0 for size in shape):
        raise UnsafePickleError("An array of the frame has no shape.")
    return shape


def _dtype(value: Any) -> np.dtype[Any]:  # noqa: ANN401
    """A type of numbers, flags, times or fixed text: of nothing that holds pointers."""
    if (
        _kind(value) != "dtype"
        or not isinstance(value.args[0], str)
        or value.args[0][:1] not in "biufMmUS"
    ):
        raise UnsafePickleError("An array of the frame is of a type that holds no numbers or text.")
    code, state = value.args[0], value.state
    order = state[1] if isinstance(state, tuple) and state[1] in "<>|=" else "="
    if code[0] in "Mm":
        unit, step = state[8][1][:2]
        return np.dtype(f"{order}{code[0]}8[{step}{_bytes(unit).decode()}]")
    return np.dtype(order + code)


def _bytes(value: Any) -> bytes:  # noqa: ANN401
    """Bytes, which old protocols write as a text and its encoding."""
    if (
        _kind(value) == "encode"
        and value.args[1:] == ("latin1",)
        and isinstance(value.args[0], str)
    ):
        return value.args[0].encode("latin1")
    if _kind(value) == "bytearray" and len(value.args) == 1:
        return _bytes(value.args[0])
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if isinstance(value, str):
        return value.encode("latin1")
    raise UnsafePickleError("The frame has an array of another kind than is known.")


def _arrow_texts(value: Any) -> list[str | None]:  # noqa: ANN401
    """Texts of an Arrow array, or of one in chunks."""
    if _kind(value) == "chunked_array":
        return [text for chunk in value.args[0] for text in _arrow_texts(chunk)]
    if _kind(value) != "_restore_array":
        raise UnsafePickleError("The frame has a column of a kind that is not known.")
    kind, length, _, offset, (validity, offsets, data), *_ = value.args[0]
    width = {"large_string": "<i8", "string": "<i4"}.get(kind.args[0])
    if _kind(kind) != "type_for_alias" or width is None:
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
    if _kind(value) != "py_buffer":
        raise UnsafePickleError("The frame has a column of a kind that is not known.")
    return _bytes(value.args[0])


def _scalar(value: Any) -> str | int | float | bool | None:  # noqa: ANN401
    """One value of a column.

    Raises:
        UnsafePickleError: It is neither a number, text nor a time.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, type) and issubclass(value, _Inert) and value.__name__ in {"NA", "NaT"}:
        return None
    if isinstance(value, list | tuple | dict) or _kind(value) in {"_reconstruct", "_frombuffer"}:
        return json.dumps(_nested(value, [_MOST_NESTED]), ensure_ascii=False)
    made = _SCALARS.get(_kind(value))
    if made is None:
        kind = _kind(value) or type(value).__name__
        raise UnsafePickleError(
            f"The frame holds a value that is neither number, text nor time: {kind}."
        )
    return made(value)


def _nested(value: Any, left: list[int]) -> Any:  # noqa: ANN401
    """A list or mapping in a cell, of so many values at most: a pickle can repeat one for ever."""
    left[0] -= 1
    if left[0] < 0:
        raise UnsafePickleError(f"A value of the frame holds more than {_MOST_NESTED} others.")
    if _kind(value) in {"_reconstruct", "_frombuffer"}:
        value = list(_listed(_array(value)))
    if isinstance(value, list | tuple):
        return [_nested(each, left) for each in value]
    if isinstance(value, dict):
        return {str(_scalar(key)): _nested(each, left) for key, each in value.items()}
    return _scalar(value)


_MOST_NESTED = 100_000
_UNITS: dict[int, Any] = {7: "s", 8: "ms", 9: "us", 10: "ns"}  # as pandas numbers them


def _timestamp(value: _Inert) -> str | None:
    number, _, zone, *unit = value.args
    text = str(np.datetime64(number, _UNITS[unit[0] if unit else 10]))
    return text if zone is None else f"{text}Z"


def _numpy_scalar(value: _Inert) -> str | int | float | bool | None:
    dtype, data = value.args
    (number,) = _listed(np.frombuffer(_bytes(data), dtype=_dtype(dtype)))
    return _scalar(number)


def _of_datetime(kind: Callable[..., Any]) -> Callable[[_Inert], str]:
    def text(value: _Inert) -> str:
        # Of the bytes of a date or time, which its class checks; a zone is left out.
        return str(kind(_bytes(value.args[0])).isoformat())

    return text


def _seconds(value: _Inert) -> float:
    return dt.timedelta(*value.args).total_seconds()


_SCALARS: dict[str, Callable[[_Inert], str | int | float | bool | None]] = {
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

_ARRAYS: dict[str, Callable[[_Inert], Any]] = {
    "_reconstruct": _array,
    "_frombuffer": _array,
    "__pyx_unpickle_NDArrayBacked": _backed,
    "IntegerArray": _masked,
    "FloatingArray": _masked,
    "BooleanArray": _masked,
    "ArrowStringArray": lambda values: _arrow_texts(values.state["_pa_array"]),
    "ArrowStringArrayNumpySemantics": lambda values: _arrow_texts(values.state["_pa_array"]),
    "NumpyExtensionArray": lambda values: _array(values.state["_ndarray"]),
    "PandasArray": lambda values: _array(values.state["_ndarray"]),
    "_new_Index": lambda values: _levels(values, None)[0][1],
}

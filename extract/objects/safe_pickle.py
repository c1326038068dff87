"""Reads a pickled pandas frame without running anything that the pickle asks for.

`inert_pickle` unpickles inert objects, `pickled_values` reads arrays and single values from them,
and this module assembles the frame. No function of pandas, numpy or anything else is
called with what the pickle says, so it does not matter which pandas wrote it, or which one is
installed: frames of pandas 1.5, 2 and 3 read alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from extract.objects.inert_pickle import Inert, UnsafePickleError, kind_of, unpickle
from extract.objects.pickled_values import array_of, arrow_texts, scalar_of, values_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["UnsafePickleError", "read_frame"]


def read_frame(content: bytes) -> dict[str, list[str | int | float | bool | None]]:
    """Columns of a pickled frame: those of its index, then its own.

    Returns:
        Values by column. The names of columns of several levels are joined by slashes; times are
        ISO 8601 text, durations seconds, and what is missing is None.

    Raises:
        UnsafePickleError: If the pickle is not a frame of numbers, text and times.
    """
    try:
        frame = unpickle(content)
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


def _columns_of(frame: Any) -> dict[str, list[str | int | float | bool | None]]:  # noqa: ANN401
    if kind_of(frame) != "DataFrame" or not isinstance(frame.state, dict):
        raise UnsafePickleError("The pickle holds no pandas frame.")
    manager = frame.state.get("_mgr")
    if not isinstance(manager, Inert) or kind_of(manager) != "BlockManager" or not manager.args:
        raise UnsafePickleError("The frame is of a pandas older than 1.5.")
    blocks, (columns, rows) = manager.args
    names = _labels(columns)
    row_count = _row_count(blocks)
    table: dict[str, list[Any]] = {}
    for level, values in _levels(rows, row_count):
        _put(table, level, values)
    placed: dict[int, list[Any]] = {}
    for block in blocks:
        values, placement, _ = block.args
        positions = _positions(placement, len(names))
        stretches = _stretches(values)
        if len(stretches) != len(positions):
            raise UnsafePickleError("A block of the frame has other columns than its header.")
        placed.update(zip(positions, stretches, strict=True))
    if sorted(placed) != list(range(len(names))):
        raise UnsafePickleError("The frame lacks columns.")
    for position, name in enumerate(names):
        _put(table, name, placed[position])
    if any(len(values) != len(next(iter(table.values()))) for values in table.values()):
        raise UnsafePickleError("The columns of the frame differ in their length.")
    return {name: [scalar_of(value) for value in values] for name, values in table.items()}


def _put(columns: dict[str, list[Any]], name: str, values: list[Any]) -> None:
    if name in columns:
        raise UnsafePickleError(f"The frame has two columns called {name!r}.")
    columns[name] = values


def _row_count(blocks: Sequence[Any]) -> int | None:
    """Rows of the first block; None for a frame without columns."""
    for block in blocks:
        for stretch in _stretches(block.args[0]):
            return len(stretch)
    return None


def _positions(placement: Any, columns: int) -> list[int]:  # noqa: ANN401
    """Positions of a block's columns."""
    if kind_of(placement) == "slice":
        return list(range(columns)[slice(*placement.args)])
    return [int(position) for position in array_of(placement)]


def _stretches(values: Any) -> list[list[Any]]:  # noqa: ANN401
    """The values of a block, column by column."""
    array = _values(values)
    if isinstance(array, np.ndarray) and array.ndim > 1:
        return [list(values_of(stretch)) for stretch in array]
    return [list(values_of(array))]


def _labels(index: Any) -> list[str]:  # noqa: ANN401
    """Names of the columns, those of several levels joined."""
    levels = [values for _, values in _levels(index, None)]
    return [
        "/".join(text for part in parts if (text := str(scalar_of(part) or "")))
        for parts in zip(*levels, strict=True)
    ]


def _levels(index: Any, rows: int | None) -> list[tuple[str, list[Any]]]:  # noqa: ANN401
    """Names and values of the levels of an index."""
    if kind_of(index) not in {"_new_Index", "_new_DatetimeIndex"}:
        raise UnsafePickleError("The frame has an index of another kind than is known.")
    kind, parts = index.args
    if kind.__name__ == "MultiIndex":
        names = [_name(name, number) for number, name in enumerate(_plain(parts["names"]))]
        levels = []
        for level, codes in zip(_plain(parts["levels"]), _plain(parts["codes"]), strict=True):
            ((_, values),) = _levels(level, None)
            levels.append([None if code < 0 else values[code] for code in array_of(codes).tolist()])
        return list(zip(names, levels, strict=True))
    name = _name(parts.get("name"), 0)
    if kind.__name__ == "RangeIndex":
        numbers = range(parts["start"], parts["stop"], parts["step"])
        if len(numbers) != rows and rows is not None:
            raise UnsafePickleError("The columns of the frame differ in their length.")
        return [(name, list(numbers) if rows is not None else [])]
    return [(name, list(values_of(_values(parts["data"]))))]


def _name(name: Any, number: int) -> str:  # noqa: ANN401
    return f"level_{number}" if name is None else str(scalar_of(name))


def _plain(value: Any) -> list[Any]:  # noqa: ANN401
    """A list, or one that pandas calls frozen."""
    if kind_of(value) == "FrozenList":
        (value,) = value.args or (value.state,)
    if not isinstance(value, list | tuple):
        raise UnsafePickleError("The frame has an index of another kind than is known.")
    return list(value)


def _values(values: Any) -> Any:  # noqa: ANN401
    """Array of a column of any kind: numpy's, or a list with None for what is missing."""
    kind = kind_of(values)
    made = _ARRAYS.get(kind)
    if made is None:
        raise UnsafePickleError(f"The frame has a column of a kind that is not known: {kind!r}.")
    return made(values)


def _backed(values: Inert) -> Any:  # noqa: ANN401
    """Array of a kind that pandas keeps in one of numpy: times, categories, text."""
    dtype, data = values.state[0], values.state[1]
    array = array_of(data)
    if values.args[0].__name__ == "Categorical":
        ((_, labels),) = _levels(dtype.state["categories"], None)
        return [None if code < 0 else labels[code] for code in array.tolist()]
    return _Zoned(array) if kind_of(dtype) == "DatetimeTZDtype" else array


def _masked(values: Inert) -> list[Any]:
    data, mask = array_of(values.state["_data"]).tolist(), array_of(values.state["_mask"]).tolist()
    return [None if is_missing else value for value, is_missing in zip(data, mask, strict=True)]


class _Zoned(list[Any]):
    """Times of an array that are instants, as text in UTC."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        stretch = array.reshape(-1)
        super().__init__(None if text is None else f"{text}Z" for text in values_of(stretch))


_ARRAYS: dict[str, Callable[[Inert], Any]] = {
    "_reconstruct": array_of,
    "_frombuffer": array_of,
    "__pyx_unpickle_NDArrayBacked": _backed,
    "IntegerArray": _masked,
    "FloatingArray": _masked,
    "BooleanArray": _masked,
    "ArrowStringArray": lambda values: arrow_texts(values.state["_pa_array"]),
    "ArrowStringArrayNumpySemantics": lambda values: arrow_texts(values.state["_pa_array"]),
    "NumpyExtensionArray": lambda values: array_of(values.state["_ndarray"]),
    "PandasArray": lambda values: array_of(values.state["_ndarray"]),
    "_new_Index": lambda values: _levels(values, None)[0][1],
}

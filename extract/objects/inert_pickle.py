"""What a pickle names, as inert classes: nothing that it asks for is ever called.

A pickle is a program: it names callables and calls them. Here every name that a frame of numbers,
text and times needs stands for a class that only keeps what it is given; any other name is refused.
"""

from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING, Any

from biodata_cache._core.errors import SourceError

if TYPE_CHECKING:
    from typing_extensions import Self


class UnsafePickleError(SourceError):
    """A pickle holds more than a frame of numbers, text and times; none of its code ran."""


class Inert:
    """Stands for a class or function of a pickle; keeps what it is given and does nothing."""

    args: tuple[Any, ...] = ()
    state: Any = None

    def __new__(cls, *args: Any) -> Self:  # noqa: ANN401, D102
        made = object.__new__(cls)
        made.args = args
        return made

    def __setstate__(self, state: Any) -> None:  # noqa: ANN401, D105
        self.state = state


class _Getattr(Inert):
    """`getattr` of a pickle: only the attribute that makes time zones is allowed."""

    def __new__(cls, *args: Any) -> Self:  # noqa: ANN401
        owner, *names = args
        if names != ["_unpickle"] or owner is not _KNOWN["zoneinfo", "ZoneInfo"]:
            raise UnsafePickleError("The pickle asks for an attribute, which no frame needs.")
        return super().__new__(cls, *args)

    def __call__(self, *args: Any) -> Inert:  # noqa: ANN401
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
_KNOWN: dict[tuple[str, str], type[Inert]] = {
    (module, name): type(name, (Inert,), {})
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


def unpickle(content: bytes) -> Any:  # noqa: ANN401
    """What a pickle holds, with inert objects in place of everything that it would make.

    Raises:
        UnsafePickleError: If the pickle names what no frame of numbers, text and times needs.
    """
    return _Reader(io.BytesIO(content)).load()


def kind_of(value: Any) -> str:  # noqa: ANN401
    """Name of the class or function that an inert object stands for; empty for anything else."""
    return type(value).__name__ if isinstance(value, Inert) else ""

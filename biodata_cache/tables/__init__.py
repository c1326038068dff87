"""One function per published table.

Every function reads the version and the root that the settings name, and returns a DataFrame with
the columns of the published file (`table_info("<table>")` describes each):

- text is text, and missing text is NaN; times that end in `_time` are text as the record has it;
- lists are numpy arrays of texts, and a missing list is None;
- columns that end in `_at`, and `timestamp` of quality control, are times in UTC.

All of them take `columns`, the columns to read, in this order, and filters: a column name with a
value. From S3, only the columns and row groups that a call needs are transferred.

| filter | keeps the rows of which the column |
|---|---|
| a text, a number, a flag, a time | is equal; a list: contains it |
| a list, a set, an array, a Series | is equal to any of them; a list: contains any |
| a pair `(low, high)`, or `slice(low, high)` | is between both, or equal to one; None: no end |
| None | is missing |

Ranges are for numbers and times, also for times that are text, which are compared as instants. A
time without a zone is in UTC. An upper end that is a day, like `"2024-01-31"` or a `date`, includes
the whole day.

They raise `CacheError`, in one of its kinds, if the cache cannot be read: nothing is set or
published, or a file is missing or damaged; an unknown column or a value of another kind is an
`ArgumentError`. A subject that no record names gives a `NotFoundWarning` and no rows. The
docstrings name only what is special to a table.

Only these functions are imported from here. They make a selection; `_reader` runs it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from biodata_cache._core.names import TABLE_FUNCTIONS as _TABLE_FUNCTIONS
from biodata_cache.tables._completion import name_columns as _name_columns

if TYPE_CHECKING:
    # Type checkers see the functions that these modules define, as no `__all__` limits them.
    from biodata_cache.tables._assets import *
    from biodata_cache.tables._checks import *
    from biodata_cache.tables._platforms import *
    from biodata_cache.tables._quality import *
    from biodata_cache.tables._records import *
    from biodata_cache.tables._sessions import *
    from biodata_cache.tables._subjects import *
else:
    __all__ = list(_TABLE_FUNCTIONS)

    def __getattr__(name: str) -> object:
        """The function of this name, from the module of its area (PEP 562)."""
        if name not in _TABLE_FUNCTIONS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        function = getattr(import_module(f"{__name__}.{_TABLE_FUNCTIONS[name]}"), name)
        _name_columns(function)
        globals()[name] = function
        return function

    def __dir__() -> list[str]:
        return sorted({*globals(), *_TABLE_FUNCTIONS})

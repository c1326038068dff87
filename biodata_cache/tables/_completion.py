"""Names and texts of columns in the functions, for `help()`, Jupyter and editors."""

from __future__ import annotations

import functools
import json
import re
import textwrap
from importlib.resources import files
from inspect import Parameter, cleandoc, signature
from typing import TYPE_CHECKING, Any

from biodata_cache._reader.filters import tables as _filters

if TYPE_CHECKING:
    from collections.abc import Callable

_FILTERS = re.compile(r"Unpack\[(\w+)\]")


class _NoFilter:
    """The default of a filter in signatures: None would mean missing values."""

    def __repr__(self) -> str:
        return "..."


_NO_FILTER = _NoFilter()
_ARGUMENTS = """\
Args:
    columns: Columns to read, in this order; None for all.
    filters: Filters by column name; `biodata_cache.tables` lists their forms.
"""


def name_columns(function: Callable[..., Any]) -> None:
    """Show the filters of a function in its signature, and the texts of columns in its docstring.

    The filters are in place of `**filters`. What `columns` and `filters` are is said here for all
    functions that have no other arguments.

    Args:
        function: Function of a table; one without typed filters stays as it is.
    """
    documentation = cleandoc(function.__doc__ or "")
    if "Args:" not in documentation:
        documentation = documentation.replace("Returns:", f"{_ARGUMENTS}\nReturns:", 1)
    function.__doc__ = documentation
    match = _FILTERS.fullmatch(str(getattr(function, "__annotations__", {}).get("filters")))
    if match is None:
        return
    # The options of every table come last, which a TypedDict has first.
    options: dict[str, Any] = _filters.ReadOptions.__annotations__
    annotations: dict[str, Any] = getattr(_filters, match[1]).__annotations__
    filters = {name: kind for name, kind in annotations.items() if name not in options} | options
    shown = signature(function)
    own = [each for each in shown.parameters.values() if each.kind != Parameter.VAR_KEYWORD]
    named = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=_NO_FILTER, annotation=_text_of(kind))
        for name, kind in filters.items()
        if name not in shown.parameters
    ]
    vars(function)["__signature__"] = shown.replace(parameters=[*own, *named])
    lines = [
        textwrap.fill(f"{name}: {text}", 96, initial_indent="    ", subsequent_indent="        ")
        for name, text in _texts()[match[1]].items()
    ]
    function.__doc__ = "\n".join([documentation, "", "Columns:", *lines])


@functools.cache
def _texts() -> dict[str, dict[str, str]]:
    """The texts of columns by name of the class of filters."""
    content = (files("biodata_cache.tables") / "columns.json").read_text(encoding="utf-8")
    texts: dict[str, dict[str, str]] = json.loads(content)
    return texts


def _text_of(kind: object) -> str:
    """An annotation as it is written."""
    return str(getattr(kind, "__forward_arg__", kind))

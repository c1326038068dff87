"""Names of columns in the signatures of the functions, for `help()`, Jupyter and editors."""

from __future__ import annotations

import re
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any

from biodata_cache._reader.filters import tables as _filters

if TYPE_CHECKING:
    from collections.abc import Callable

_FILTERS = re.compile(r"Unpack\[(\w+)\]")


class _NoFilter:
    """The default of a filter in signatures: None would stand for what is missing."""

    def __repr__(self) -> str:
        return "..."


_NO_FILTER = _NoFilter()


def name_columns(function: Callable[..., Any]) -> None:
    """Show the filters that a function takes by name in its signature, in place of `**filters`.

    Args:
        function: Function of a table; one without typed filters stays as it is.
    """
    found = _FILTERS.fullmatch(str(getattr(function, "__annotations__", {}).get("filters")))
    if found is None:
        return
    filters: dict[str, Any] = getattr(_filters, found[1]).__annotations__
    shown = signature(function)
    own = [each for each in shown.parameters.values() if each.kind != Parameter.VAR_KEYWORD]
    named = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=_NO_FILTER, annotation=_text_of(kind))
        for name, kind in filters.items()
        if name not in shown.parameters
    ]
    vars(function)["__signature__"] = shown.replace(parameters=[*own, *named])


def _text_of(kind: object) -> str:
    """An annotation as it is written."""
    return str(getattr(kind, "__forward_arg__", kind))

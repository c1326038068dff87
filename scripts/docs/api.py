"""The page of the Python functions: which there are. mkdocstrings writes their texts in it."""

from __future__ import annotations

import inspect

import biodata_cache

_INTRODUCTION = """\
What `import biodata_cache` offers. Importing it does no work: `BIODATA_CACHE_ROOT` says where the
published tables are. The functions of tables take `columns`, those to read in this order, and
columns as filters: which there are, and what is in them, stands on the pages of the
[tables](tables/index.md) and in `help()`."""


def page() -> str:
    """The page: functions, then classes, then errors, each by name."""
    kinds: dict[str, list[str]] = {"Functions": [], "Classes": [], "Errors": []}
    for name in biodata_cache.__all__:
        thing = getattr(biodata_cache, name)
        if inspect.isclass(thing):
            kinds["Errors" if issubclass(thing, Exception) else "Classes"].append(name)
        elif callable(thing):
            kinds["Functions"].append(name)
    parts = ["# Python functions", _INTRODUCTION]
    for title, names in kinds.items():
        parts += [f"## {title}", *(f"::: biodata_cache.{name}" for name in sorted(names))]
    return "\n\n".join(parts) + "\n"

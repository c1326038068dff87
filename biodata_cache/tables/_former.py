"""Accepts arguments of versions before 0.50.0, which are not in the signatures."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from biodata_cache import _session
from biodata_cache._core import messages as _messages

if TYPE_CHECKING:
    from collections.abc import Callable

Function = TypeVar("Function", bound="Callable[..., Any]")

_FORMER = ("force_update", "lazy")


def former_arguments(function: Function) -> Function:
    """Let a function accept `force_update` and `lazy`, by keyword or after its own positions.

    `force_update` does nothing. With `lazy`, the function gives the address of what it would read:
    it must take the table of its name, its first argument being the key of the partitions.

    Args:
        function: Function of a table.
    """
    positions: int = function.__code__.co_argcount

    @wraps(function)
    def accepting(*given: Any, **named: Any) -> Any:  # noqa: ANN401  # whatever the function takes
        own, former = list(given[:positions]), list(given[positions:])
        if len(former) > len(_FORMER) or not all(isinstance(each, bool) for each in former):
            return function(*given, **named)
        arguments = dict(zip(_FORMER, former, strict=False))
        arguments.update({name: named.pop(name) for name in _FORMER if name in named})
        if "force_update" in arguments:
            _warn_ignored()
        if arguments.get("lazy"):
            return _address(function.__name__, own, named)
        return function(*own, **named)

    return cast("Function", accepting)


def _warn_ignored() -> None:
    _messages.warn_ignored(
        "force_update",
        "tables are built by `biodata-cache sync`, and read as they are published. Leave it out.",
    )


def _address(name: str, own: list[Any], named: dict[str, Any]) -> str:
    """Address of what a function would read."""
    table = {"qc": "quality_control", "assets_smartspim": "platform_smartspim"}.get(name, name)
    cache = _session.current()
    entry = cache.table_info(table)
    key = entry.partition_key
    value = own[0] if own else named.get(str(key))
    return cache.scan(table, **({} if key is None or value is None else {key: value})).location

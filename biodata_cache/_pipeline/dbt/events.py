"""The log of dbt, one JSON document per line: messages, and the nodes that ended."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from biodata_cache._core.foreign import NotJsonError
from biodata_cache._core.typed import checked, typed_json

_ENDS = ("Result", "SkippingDetails")
"""Ends of the names of events for the end of a node."""


class Event(NamedTuple):
    """One line.

    Attributes:
        message: Message of dbt; None if the line is no event.
        ended: Number of the node that ended; None if none did.
        total: Number of nodes of the run.
    """

    message: str | None = None
    ended: int | None = None
    total: int = 0
    node: str = ""


@dataclass(frozen=True)
class _Info:
    name: str = ""
    msg: str | None = None


@dataclass(frozen=True)
class _Line:
    info: _Info = field(default_factory=_Info)
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Node:
    node_name: str = ""


@dataclass(frozen=True)
class _End:
    """The end of a model, or of a test, of which events call the total `num_models`."""

    index: int
    total: int | None = None
    num_models: int | None = None
    node_info: _Node = field(default_factory=_Node)


def parse_event(line: str) -> Event:
    """The event of a line; an empty one if it is none.

    Example:
        >>> parse_event("Killed")
        Event(message=None, ended=None, total=0, node='')
    """
    try:
        event = typed_json(line, _Line)
    except NotJsonError:
        return Event()
    message = event.info.msg
    if event.info.name.endswith(_ENDS):
        with suppress(NotJsonError):  # an event of something other than a node
            end = checked(event.data, _End)
            total = end.num_models if end.total is None else end.total
            if total is not None:
                return Event(message, end.index, total, end.node_info.node_name)
    return Event(message)

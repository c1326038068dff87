"""Values that no table can take as they are: planted, so that the checks have something to find.

Listed in `templates/faults.json`. Each goes into a record of its own, which says so in
`data_description.data_summary` as `planted fault: <name>`; two more (`source_unknown`,
`lineage_cycle`) belong to the lineage and are made in `population`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from extract.sample.template import read

if TYPE_CHECKING:
    from collections.abc import Callable

    from extract.sample.chunks import Json

_SPACING = 13
"""Records between two faults, so that no record nor its neighbours take several."""


@dataclass(frozen=True)
class Fault:
    """A value of the wrong kind, and how to put it into a record."""

    name: str
    path: str
    value: Any = None
    is_absent: bool = False  # the key goes, instead of its value
    needs: str = "any record"

    def applies(self, document: Json) -> bool:
        """Whether the record has such a value."""
        return _NEEDS[self.needs](document)

    def plant(self, document: Json) -> None:
        """Put the value at its path; `-1` in a path is the last element of a list."""
        *parents, last = self.path.split(".")
        parent: Any = document
        for step in parents:
            parent = parent[_index(parent, step)]
        if self.is_absent:
            del parent[last]
        else:
            parent[_index(parent, last)] = self.value
        mark(document, self.name)


def mark(document: Json, name: str) -> None:
    """Say in a record what is wrong with it."""
    document["data_description"]["data_summary"] = f"planted fault: {name}"


def _index(parent: Any, step: str) -> Any:  # noqa: ANN401 - a key or a position
    return int(step) if isinstance(parent, list) else step


def _is_derived(document: Json) -> bool:
    sources = document["data_description"].get("source_data")
    return isinstance(sources, list) and len(sources) == 1


def _has_metrics(document: Json) -> bool:
    quality = document.get("quality_control") or {}
    first = (quality.get("metrics") or [None])[0]
    return isinstance(first, dict) and bool(first["status_history"]) and bool(quality["status"])


def _has_processes(document: Json) -> bool:
    return bool((document.get("processing") or {}).get("data_processes"))


_NEEDS: dict[str, Callable[[Json], bool]] = {
    "any record": bool,
    "acquisition": lambda document: bool(document.get("acquisition")),
    "one source": _is_derived,
    "metrics": _has_metrics,
    "processes": _has_processes,
}
FAULTS = tuple(Fault(**fault) for fault in read("faults")["faults"])


class Planter:
    """Plants each fault once, at a distance from each other."""

    def __init__(self) -> None:
        """Begin with all faults to plant."""
        self._waiting = list(FAULTS)
        self._since_last = 0

    def visit(self, document: Json) -> None:
        """Look at a sound record, and plant the next fault that fits if it is time."""
        self._since_last += 1
        if self._since_last < _SPACING:
            return
        for fault in self._waiting:
            if fault.applies(document):
                fault.plant(document)
                self._waiting.remove(fault)
                self._since_last = 0
                return

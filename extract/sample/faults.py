"""Values that no table can take as they are: planted, so that the checks have something to find.

The one place where they are listed. Each goes into a record of its own, which says so in
`data_description.data_summary` as `planted fault: <name>`; two more (`source_unknown`,
`lineage_cycle`) belong to the lineage and are made in `_sample_population`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
    value: Any
    applies: Callable[[Json], bool] = bool  # any record

    def plant(self, document: Json) -> None:
        """Put the value at its path; `-1` in a path is the last element of a list."""
        *parents, last = self.path.split(".")
        place: Any = document
        for step in parents:
            place = place[_index(place, step)]
        if self.value is ABSENT:
            del place[last]
        else:
            place[_index(place, last)] = self.value
        mark(document, self.name)


ABSENT = object()
"""A fault's value that takes the key away."""


def mark(document: Json, name: str) -> None:
    """Say in a record what is wrong with it."""
    document["data_description"]["data_summary"] = f"planted fault: {name}"


def _index(place: Any, step: str) -> Any:  # noqa: ANN401 - a key or a position
    return int(step) if isinstance(place, list) else step


def _has(*sections: str) -> Callable[[Json], bool]:
    def applies(document: Json) -> bool:
        return all(document.get(section) for section in sections)

    return applies


def _is_derived(document: Json) -> bool:
    sources = document["data_description"].get("source_data")
    return isinstance(sources, list) and len(sources) == 1


def _has_metrics(document: Json) -> bool:
    quality = document.get("quality_control") or {}
    first = (quality.get("metrics") or [None])[0]
    return isinstance(first, dict) and bool(first["status_history"]) and bool(quality["status"])


def _has_processes(document: Json) -> bool:
    return bool((document.get("processing") or {}).get("data_processes"))


FAULTS: tuple[Fault, ...] = (
    Fault(
        "acquisition_start_unreadable",
        "acquisition.acquisition_start_time",
        "2023-..T11-29-..-05:00",
        _has("acquisition"),
    ),
    Fault(
        "acquisition_end_without_date",
        "acquisition.acquisition_end_time",
        "21:33:12.380819",
        _has("acquisition"),
    ),
    Fault("acquisition_type_number", "acquisition.acquisition_type", 3, _has("acquisition")),
    Fault("instrument_id_object", "acquisition.instrument_id", {"id": "13A"}, _has("acquisition")),
    Fault("experimenter_number", "acquisition.experimenters", [188], _has("acquisition")),
    Fault("genotype_object", "subject.subject_details.genotype", {"name": "wt/wt"}),
    Fault("birth_date_unreadable", "subject.subject_details.date_of_birth", "unknown"),
    Fault("project_name_number", "data_description.project_name", 42),
    Fault(
        "modality_without_abbreviation",
        "data_description.modalities",
        [{"name": "Behavior"}, {"name": "Planar optical physiology", "abbreviation": "pophys"}],
    ),
    Fault(
        "modalities_single_object",
        "data_description.modalities",
        {"name": "Behavior", "abbreviation": "behavior"},
    ),
    Fault("source_data_number", "data_description.source_data", [7], _is_derived),
    Fault("code_ocean_object", "other_identifiers", {"Code Ocean": {"id": "c0ffee"}}),
    Fault(
        "process_end_unreadable",
        "processing.data_processes.-1.end_date_time",
        "yesterday",
        _has_processes,
    ),
    Fault("status_number", "quality_control.status.Processing", 1, _has_metrics),
    Fault(
        "status_history_object",
        "quality_control.metrics.0.status_history",
        {"object_type": "QC status", "status": "Pass", "evaluator": "Automated"},
        _has_metrics,
    ),
    Fault(
        "qc_timestamp_unreadable",
        "quality_control.metrics.0.status_history.-1.timestamp",
        "not yet",
        _has_metrics,
    ),
    Fault("metric_name_missing", "quality_control.metrics.0.name", None, _has_metrics),
    Fault("subject_id_missing_with_metrics", "subject.subject_id", ABSENT, _has_metrics),
)


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

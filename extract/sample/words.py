"""The words of the records: platforms, projects, people, structures, strains.

They are in `templates/words.json`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from extract.sample.template import read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extract.sample.draw import Quantiles

_WORDS = read("words")


@dataclass(frozen=True)
class Platform:
    """A kind of experiment: what its sessions, names and processing look like."""

    key: str
    prefix: str
    share: float  # of all records
    sessions: Quantiles  # per subject
    modalities: Sequence[Sequence[str]]
    instruments: Sequence[str]
    acquisition_types: Sequence[str]
    projects: Sequence[str]
    chains: Sequence[Sequence[str]]  # processing steps after each other, by their number
    process_types: Sequence[str]
    pipeline: str


PLATFORMS = tuple(
    Platform(**{key: value for key, value in platform.items() if key != "//"})
    for platform in _WORDS["platforms"]
)
PEOPLE: Sequence[str] = _WORDS["people"]
GENOTYPES: Sequence[str] = _WORDS["genotypes"]
MATERIALS: Sequence[str] = _WORDS["materials"]
NO_MATERIAL = "(v1v2 upgrade) No injection material provided"


def organization(name: str, abbreviation: str | None, identifier: str | None) -> dict[str, object]:
    """Write an organization as every section does."""
    return {
        "name": name,
        "abbreviation": abbreviation,
        "registry": "Research Organization Registry (ROR)" if identifier else None,
        "registry_identifier": identifier,
    }


AIND = organization("Allen Institute for Neural Dynamics", "AIND", "04szwah67")
AIBS = organization("Allen Institute for Brain Science", "AIBS", "00dcv1019")


def modality(abbreviation: str) -> dict[str, str]:
    """Write a modality as every section does."""
    return {"name": _WORDS["modalities"][abbreviation], "abbreviation": abbreviation}


def modalities(abbreviations: Sequence[str]) -> list[dict[str, str]]:
    """Write modalities in the order they are given."""
    return [modality(abbreviation) for abbreviation in abbreviations]


def structure(acronym: str) -> dict[str, str]:
    """Write a brain structure."""
    return dict(_WORDS["structures"][acronym])


def described_by(section: str) -> str:
    """Name the schema of a section."""
    base = "https://raw.githubusercontent.com/AllenNeuralDynamics/aind-data-schema/main/src"
    return f"{base}/aind_data_schema/core/{section}.py"

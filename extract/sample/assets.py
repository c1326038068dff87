"""Subjects, their sessions, and the assets that were stored of these."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from extract.sample.time import TimeForm, in_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from extract.sample.words import Platform


@dataclass(frozen=True)
class Fiber:
    """An implanted fiber, and how its name is spelled in the procedures."""

    number: int
    name: str
    acronym: str


@dataclass(frozen=True)
class Subject:
    """An animal."""

    subject_id: str
    platform: Platform
    is_primate: bool
    is_born_v2: bool
    born: date
    genotype: str
    sex: str
    project: str
    investigators: tuple[str, ...]
    fibers: tuple[Fiber, ...]
    procedures: bytes  # serialised, as all records of the subject hold the same


@dataclass(frozen=True)
class Session:
    """One recording of a subject."""

    subject: Subject
    start: datetime
    end: datetime
    form: TimeForm
    modalities: Sequence[str]
    instrument_id: str
    acquisition_type: str
    experimenters: Any

    @property
    def raw_name(self) -> str:
        """Name of the raw asset; those born as v2 have no platform in front."""
        identifier = re.sub(r"[^A-Za-z0-9]+", "-", self.subject.subject_id).strip("-")
        stem = f"{identifier}_{in_name(self.start)}"
        return stem if self.subject.is_born_v2 else f"{self.subject.platform.prefix}_{stem}"


@dataclass(frozen=True)
class Asset:
    """Something stored: the raw data of a session, or what was derived from it."""

    name: str
    session: Session
    label: str | None  # of the processing; None for raw
    sources: tuple[str, ...] | None
    created: datetime
    oddity: str | None = None  # of its lineage

    @property
    def is_raw(self) -> bool:
        """Whether this is the raw data of a session."""
        return self.label is None

"""Progress of the stages, and their results."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from biodata_cache._publish import publish as _publish
    from extract import report as run
    from extract.objects import probes


class Reporter(Protocol):
    """Receives progress of a stage."""

    def __call__(self, stage: str, done: int, total: int | None, detail: str) -> None:
        """Report progress.

        Args:
            stage: Name of the stage.
            done: Steps done.
            total: Steps in all; None if unknown.
            detail: The last step.
        """


@dataclass(frozen=True)
class Plan:
    """The build and the publish that a dry sync would run.

    Attributes:
        tables: Tables to build and test.
        place: Address of the version folder to publish to.
        build: The currently published build; None if there is none.
    """

    tables: list[str]
    place: str
    build: str | None


@dataclass
class Outcome:
    """Results of the stages.

    Attributes:
        lake: Folder of the raw lake, or of its copy on this machine.
        copied_from: Where the lake itself is; None if it is that folder.
        extracted: Reports on the collections of records, by stage.
        objects: Report on the requests to the object store; None if there were none.
        sessions: Number of copied foraging sessions; None if there is no frame of them.
        sessions_missing: Reason why there is no frame.
        upgrades: Rows of the upgrader's custom table; None if there is none.
        kept: Sentences on data kept from earlier runs because its source is missing or unreadable.
        published: Report of the publish stage.
        nothing_to_build: Whether the last build is what a build would have made.
        by_change: Whether the build went on from the last one.
        faults: Sentences on what a build by change made otherwise than a build from nothing.
        plan: Plan of a dry run; None otherwise.
        rejects: Folder of the documents that could not be used.
        seconds: Wall time by stage.
        table_seconds: Seconds that dbt took for each published table.
    """

    lake: Path | None = None
    copied_from: str | None = None
    extracted: dict[str, run.Report] = field(default_factory=dict)
    objects: probes.Report | None = None
    sessions: int | None = None
    sessions_missing: str | None = None
    upgrades: int | None = None
    kept: list[str] = field(default_factory=list)
    published: _publish.Report | None = None
    nothing_to_build: bool = False
    by_change: bool = False
    faults: list[str] = field(default_factory=list)
    plan: Plan | None = None
    rejects: Path | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    table_seconds: dict[str, float] = field(default_factory=dict)

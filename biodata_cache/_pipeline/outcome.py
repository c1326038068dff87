"""What the stages report while they run, and what they did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from biodata_cache._publish import publish as _publish
    from extract import report as run
    from extract.objects import probes

__all__ = ["Outcome", "Plan", "Reporter"]


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
    """What a sync would do after its extract.

    Attributes:
        tables: Tables that it would build and test.
        place: Address of the version folder that it would publish to.
        build: The build that is published there now; None if none is.
    """

    tables: list[str]
    place: str
    build: str | None


@dataclass
class Outcome:
    """What the stages did.

    Attributes:
        lake: Folder of the raw lake, or of its copy on this machine.
        copied_from: Where the lake itself is; None if it is that folder.
        extracted: Reports on the collections of records, by stage.
        objects: What the object store was asked; None if it was not.
        sessions: Foraging sessions that were copied; None if there is no frame of them.
        sessions_missing: Why there is none.
        upgrades: Rows of the upgrader's custom table; None if there is none.
        kept: What stays of earlier runs, as it is not there or cannot be read, a sentence each.
        published: Report of the publish stage.
        nothing_to_build: Whether the last build is what a build would have made.
        plan: What would be built and published, of a dry run.
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
    plan: Plan | None = None
    rejects: Path | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    table_seconds: dict[str, float] = field(default_factory=dict)

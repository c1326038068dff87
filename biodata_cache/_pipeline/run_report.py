"""Reports of runs of the writing commands, as JSON files in `<work>/runs`.

The file is written when the run begins, so that a killed run has a report, too.
"""

from __future__ import annotations

import json
import os
import platform
import threading
import time
import traceback
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Literal

from biodata_cache._core.errors import AuditError, BuildError, CacheError
from biodata_cache._core.settings import values as _settings
from biodata_cache._pipeline.dbt.failed_nodes import failed_nodes
from biodata_cache._pipeline.outcome import Outcome
from biodata_cache._pipeline.past_runs import reports_folder
from biodata_cache._storage.common import atomic_write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from biodata_cache._core.settings.values import Settings
    from biodata_cache._pipeline.dbt.failed_nodes import FailedNode
    from biodata_cache._pipeline.outcome import Reporter
    from extract.objects.probes import Report as ObjectsReport

Status = Literal["running", "completed", "failed", "interrupted", "killed"]

KEPT = 100
"""So many reports stay; older ones are removed."""


@dataclass
class Stage:
    """One stage of a run.

    Attributes:
        seconds: Its duration, until now if it is still running.
        done: Number of completed steps.
        total: Total number of steps; None if unknown.
    """

    stage: str
    seconds: float = 0.0
    done: int = 0
    total: int | None = None


@dataclass
class Run:
    """A run of a command, and the `Reporter` of its stages.

    Attributes:
        command: The command, such as `sync`.
        settings: Where everything is.
        is_dry: Whether it is a dry run, which writes no report.
        show: Also receives the progress.
        outcome: Results of the stages until now.
        error: Error that ended the run; None if there is none.
        status: Current or final status.
        has_report: Whether its report was written.
        started_at: Time of its beginning.
    """

    command: str
    settings: Settings
    is_dry: bool = False
    show: Reporter | None = None
    outcome: Outcome = field(default_factory=Outcome)
    stages: list[Stage] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    error: BaseException | None = None
    status: Status = "running"
    has_report: bool = False
    started_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    _started: float = field(default_factory=time.perf_counter)
    _stage_started: float = 0.0
    _ended_at: datetime | None = None
    _is_notified: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, stage: str, done: int, total: int | None, detail: str) -> None:
        """Record progress of a stage."""
        now = time.perf_counter()
        if not self.stages or self.stages[-1].stage != stage:
            if self.stages:
                self.stages[-1].seconds = now - self._stage_started
            self.stages.append(Stage(stage))
            self._stage_started = now
        current = self.stages[-1]
        current.seconds, current.done = now - self._stage_started, done
        current.total = total if total is not None else current.total
        if not self.has_report:  # at the beginning, there was no work folder
            self._write()
        if self.show is not None:
            self.show(stage, done, total, detail)

    @property
    def name(self) -> str:
        """Name of the report."""
        return f"{self.started_at:%Y%m%dT%H%M%S.%fZ}-{self.command}"

    @property
    def path(self) -> Path:
        """File of the report."""
        return reports_folder(self.settings.work) / f"{self.name}.json"

    @property
    def stage(self) -> str:
        """The stage that is at work, or was when the run ended."""
        return self.stages[-1].stage if self.stages else self.command

    @property
    def seconds(self) -> float:
        """How long it took, or takes until now."""
        return ((self._ended_at or datetime.now(timezone.utc)) - self.started_at).total_seconds()

    def document(self) -> dict[str, Any]:
        """The report."""
        now = self._ended_at or datetime.now(timezone.utc)
        is_bug = isinstance(self.error, Exception) and not isinstance(self.error, CacheError)
        return {
            "run": self.name,
            "command": self.command,
            "status": self.status,
            "dry_run": self.is_dry,
            "version": _settings.installed_version(),
            "host": platform.node(),
            "process": os.getpid(),
            "work": str(self.settings.work.absolute()),
            "started_at": self.started_at.isoformat(),
            "ended_at": None if self.status == "running" else now.isoformat(),
            "seconds": round(self.seconds, 3),
            "stages": [asdict(each) | {"seconds": round(each.seconds, 3)} for each in self.stages],
            "error": None
            if self.error is None
            else {
                "stage": self.stage,
                "kind": type(self.error).__name__,
                "message": str(self.error) or type(self.error).__name__,
            },
            "traceback": "".join(traceback.format_exception(self.error)) if is_bug else None,
            "failed": [asdict(node) for node in self._failed()],
            "warnings": [*warnings_of(self.outcome), *self.warnings],
            "extract": _extracted(self.outcome),
            "publish": _published(self.outcome),
            "nothing_to_build": self.outcome.nothing_to_build,
            "plan": None if self.outcome.plan is None else asdict(self.outcome.plan),
            "table_seconds": _rounded(self.outcome.table_seconds),
        }

    def _failed(self) -> Sequence[FailedNode]:
        """Models and tests that failed; for an audit, those of the build that it refused."""
        if isinstance(self.error, BuildError) and self.error.failed:
            return self.error.failed
        is_bad_build = isinstance(self.error, (BuildError, AuditError))
        return failed_nodes(self.settings.work) if is_bad_build else ()

    def begin(self) -> None:
        """Leave a report of a running run."""
        self._write()

    def end(self, error: BaseException | None) -> bool:
        """Leave the report; false if it has been left before."""
        with self._lock:
            if self.status != "running":
                return False
            self.error, self._ended_at = error, datetime.now(timezone.utc)
            if self.stages:
                self.stages[-1].seconds = time.perf_counter() - self._stage_started
            if error is None:
                self.status = "completed"
            else:
                is_ctrl_c = isinstance(error, KeyboardInterrupt)
                self.status = "interrupted" if is_ctrl_c else "failed"
            self._write()
            return True

    def claims_notification(self) -> bool:
        """Whether notifications of the end are still to be sent, which is done once."""
        with self._lock:
            is_first, self._is_notified = not self._is_notified, True
            return is_first

    def _write(self) -> None:
        settings = self.settings
        # A command that never began must not make a work folder, unless its report is awaited.
        is_awaited = settings.on_finish or settings.metrics is not None
        try:
            if self.is_dry or not (is_awaited or settings.work.exists()):
                return
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.path, json.dumps(self.document(), indent=2, ensure_ascii=False) + "\n")
            _trim(self.path.parent)
            self.has_report = True
        except OSError as error:  # what the command does matters more
            text = f"the report {self.path} cannot be written ({error.strerror or error})"
            if text not in self.warnings:
                self.warnings.append(text)


@contextmanager
def recorded(run: Run) -> Iterator[Run]:
    """Report the run of a `with` block, however the block ends."""
    run.begin()
    try:
        yield run
    except BaseException as error:
        run.end(error)
        raise
    run.end(None)


def write_whole(path: Path, text: str) -> None:
    """Write a file atomically.

    Raises:
        OSError: If the file cannot be written.
    """
    with atomic_write(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8", errors="backslashreplace")


def warnings_of(outcome: Outcome) -> list[str]:
    """Warnings of a run, one sentence each."""
    texts: list[str] = []
    for stage, report in outcome.extracted.items():
        texts += [f"{stage}: {warning}" for warning in report.warnings()]
        if (report.rejected or report.repaired) and outcome.rejects is not None:
            texts.append(
                f"{stage}: what was rejected ({report.rejected:,}) or repaired "
                f"({report.repaired:,}) is in {outcome.rejects}, in the files of "
                f"{report.collection}, with file, line and reason, and in the table data_quality"
            )
    if outcome.objects is not None:
        for problem, number in sorted(outcome.objects.problems.items()):
            texts.append(f"objects: {number:,} could not be read: {problem}")
        for kind, number in sorted(outcome.objects.kept.items()):
            texts.append(
                f"objects: {number:,} responses about {kind} stay as they were, as their bucket is "
                f"not in {outcome.objects.store}, is empty or refuses (--prune accepts that)"
            )
        if outcome.sessions is None and outcome.sessions_missing is not None:
            texts.append(f"objects: no table of foraging sessions: {outcome.sessions_missing}")
    texts += [f"objects: {text}" for text in outcome.kept]
    return texts + outcome.faults


def _extracted(outcome: Outcome) -> dict[str, Any] | None:
    """Results of the extract stage."""
    if not outcome.extracted:
        return None
    records = [asdict(report) for report in outcome.extracted.values()]
    return {
        "records": records[0],
        "records_v1": records[1] if len(records) > 1 else None,
        "objects": None if outcome.objects is None else _probed(outcome.objects),
        "foraging_sessions": outcome.sessions,
        "foraging_sessions_missing": outcome.sessions_missing,
        "upgrades": outcome.upgrades,
        "kept": outcome.kept,
        "rejects": None if outcome.rejects is None else str(outcome.rejects),
        "lake": None if outcome.lake is None else str(outcome.lake),
        "lake_copied_from": None if outcome.copied_from is None else str(outcome.copied_from),
    }


def _probed(report: ObjectsReport) -> dict[str, Any]:
    """Queries on the object store; `asdict` would take the items of a counter for its keys."""
    return {
        each.name: dict(value) if isinstance(value, Counter) else value
        for each in fields(report)
        for value in [getattr(report, each.name)]
    }


def _published(outcome: Outcome) -> dict[str, Any] | None:
    """What was published, or would be."""
    report = outcome.published
    if report is None:
        return None
    return {
        "place": report.address,
        "build": report.build,
        "added": report.added,
        "replaced": report.replaced,
        "removed": report.gone,
        "unchanged": report.unchanged,
        "tables": [
            {
                key: getattr(entry, key)
                for key in ("name", "row_count", "files", "bytes", "built_at")
            }
            for entry in report.tables
        ],
    }


def _rounded(seconds: dict[str, float]) -> dict[str, float]:
    return {name: round(number, 3) for name, number in seconds.items()}


def _trim(folder: Path) -> None:
    for path in sorted(folder.glob("*.json"))[:-KEPT]:
        path.unlink(missing_ok=True)

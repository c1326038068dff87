"""The reports that runs of the writing commands left in `<work>/runs`, read with their types."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypedDict, cast

from biodata_cache._core.foreign import NotJsonError, json_value
from biodata_cache._core.typed import checked

if TYPE_CHECKING:
    from pathlib import Path


class Stage(TypedDict):
    """A stage of a run."""

    stage: str
    seconds: float


class Cause(TypedDict):
    """What ended a run."""

    stage: str
    message: str


class Records(TypedDict):
    """What an extract did with the records of one collection."""

    collection: str
    listed: int
    new: int
    changed: int
    deleted: int
    kept: int
    rejected: int


class Extracted(TypedDict, total=False):
    """What an extract did."""

    records: Records | None
    records_v1: Records | None


class Table(TypedDict):
    """A table that was published."""

    name: str
    row_count: int | None
    bytes: int | None


class Published(TypedDict, total=False):
    """What a publish did."""

    tables: list[Table]


class PastRun(TypedDict):
    """What of a report is read again; the report of another version may have more."""

    run: str
    command: str
    status: str
    host: str
    process: int
    started_at: str
    ended_at: str | None
    seconds: float
    stages: list[Stage]
    error: Cause | None
    failed: list[Any]
    warnings: list[str]
    extract: Extracted | None
    publish: Published | None


def reports_folder(work: Path) -> Path:
    """Folder of the reports."""
    return work / "runs"


def reports(work: Path) -> list[PastRun]:
    """All readable reports, oldest first.

    A run that has not ended although its process does not exist any more counts as killed.
    """
    runs = []
    for path in sorted(reports_folder(work).glob("*.json")):
        with suppress(OSError, NotJsonError):
            content = json_value(path.read_bytes())
            run = checked(content, PastRun)
            _check_times(run["started_at"], run["ended_at"])
            if run["status"] == "running" and not _is_alive(run):
                content["status"] = "killed"
            runs.append(cast("PastRun", content | {"path": str(path.absolute())}))
    return runs


def _check_times(*times: str | None) -> None:
    for time in times:
        try:
            is_instant = time is None or datetime.fromisoformat(time).tzinfo is not None
        except ValueError:
            is_instant = False
        if not is_instant:
            raise NotJsonError(f"{time!r} is no time")


def _is_alive(run: PastRun) -> bool:
    """Whether the process of a report may still run; true for one of another machine."""
    if run["host"] != platform.node() or os.name != "posix":
        return True
    try:
        os.kill(run["process"], 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # of another user
        return True
    return True

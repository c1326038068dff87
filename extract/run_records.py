"""What each run leaves about itself in the lake, for machines to read."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from biodata_cache._core.errors import LakeError
from biodata_cache._core.foreign import NotJsonError
from biodata_cache._core.typed import typed_json
from extract.lake.folder import Folder

if TYPE_CHECKING:
    from pathlib import Path

    from biodata_cache._core.settings.values import ExtractOptions
    from extract.report import Report

_COMPLETED = "completed"
_Time = Annotated[datetime, msgspec.Meta(tz=True)]


@dataclass(frozen=True)
class _Run:
    """What of a record is read again."""

    outcome: str
    started_at: _Time
    incomplete: list[str]


def leave_record(
    raw: Path, report: Report, options: ExtractOptions, started_at: datetime, error: str | None
) -> None:
    """Leave a record of a run.

    Raises:
        LakeError: If the lake cannot be written, and nothing else ended the run before.
    """
    content: dict[str, Any] = asdict(report) | {
        "started_at": started_at.isoformat(),
        "outcome": _COMPLETED if error is None else "failed",
        "error": error,
        "full": options.full,
        "allow_shrink": options.allow_shrink,
    }
    try:
        _folder(raw, report.collection).write_text(
            f"{datetime.now(timezone.utc):%Y%m%dT%H%M%S%fZ}.json",
            json.dumps(content, indent=2) + "\n",
        )
    except LakeError:
        if error is None:  # else the failure that came first is the one to report
            raise


def last_whole_reading(raw: Path, collection: str, before: datetime) -> datetime | None:
    """When the last run began that read its source whole and was completed; None if none did.

    The records of the lake are as new as that, also after nights in which none of them changed.

    Args:
        raw: Folder of the lakes.
        collection: Name of the lake.
        before: Runs that ended later do not count, as what was made before them knows nothing of
            them.
    """
    latest = f"{before.astimezone(timezone.utc):%Y%m%dT%H%M%S%fZ}"
    folder = _folder(raw, collection)
    for name in reversed(folder.names(".json")):
        if name.removesuffix(".json") > latest:
            continue
        # A record that cannot be read does not count.
        with suppress(OSError, NotJsonError):
            run = typed_json((folder.path / name).read_bytes(), _Run)
            if run.outcome == _COMPLETED and not run.incomplete:
                return run.started_at
    return None


def _folder(raw: Path, collection: str) -> Folder:
    return Folder(raw / "runs" / collection)

"""Ages for `status --max-age`: of the last complete check and of the newest extract."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from biodata_cache._core.display import ago, seconds_since
from biodata_cache._pipeline.past_runs import reports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AFTERWARDS = frozenset({"build", "publish"})
"""Stages in which a run with a complete extract can end."""


def as_age(_: click.Context, __: click.Parameter, value: str | None) -> timedelta | None:
    """The time span of an option, such as `26h`."""
    if value is None:
        return None
    match = re.fullmatch(r"(\d{1,6}(?:\.\d+)?)([smhdw])", value.strip(), re.ASCII)
    if match is None:
        raise click.BadParameter(
            f"{value!r} is no time span: give a number and one of s, m, h, d, w."
        )
    return timedelta(**{_UNITS[match[2]]: float(match[1])})


def too_old(status: dict[str, Any], work: Path, most: timedelta | None) -> Iterator[str]:
    """Sentences about what is older than allowed.

    Args:
        status: Facts of the published version: `checked_at`, the last complete publish;
            `newest_extract`; `built_at`, for versions of older publishers.
        work: A work folder, whose run reports may name a newer extract: a run without changes
            publishes nothing.
        most: The highest age allowed; None for no limit.
    """
    if most is None:
        return
    checked = status.get("checked_at") or status.get("built_at")
    extracted = max(filter(None, (status.get("newest_extract"), _extracted(work))), default=None)
    for what, time in (("the last complete check", checked), ("the newest extract", extracted)):
        if time is None and what == "the newest extract":
            continue  # the lake is unknown here
        age = seconds_since(time)
        if age is None or age > most.total_seconds():
            yield f"{what} was {ago(time)} ({time or 'unknown'}), more than {most} ago"


def _extracted(work: Path) -> str | None:
    """Time of the last run in the work folder whose extract completed."""
    times = (
        report["ended_at"]
        for report in reports(work)
        if report["extract"] is not None
        and (
            report["status"] == "completed"
            or (report["error"] is not None and report["error"]["stage"] in _AFTERWARDS)
        )
    )
    return max(filter(None, times), default=None)

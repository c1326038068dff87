"""The runs of a work folder as metrics, in the text form that Prometheus collects from files."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biodata_cache._pipeline.past_runs import PastRun

_Count = Literal["listed", "new", "changed", "deleted", "kept", "rejected"]
_COUNTS: tuple[_Count, ...] = get_args(_Count)
_BAD_LABEL = re.compile(r'[\\"\n]')

Sample = tuple[str, dict[str, str], float]
"""Name of a metric, its labels, its value."""


def metrics(reports: Iterable[PastRun]) -> str:
    """The last run of each command, and its last completed one, of reports from the oldest on.

    Example:
        >>> metrics([])
        ''
    """
    ended: dict[str, PastRun] = {}
    completed: dict[str, PastRun] = {}
    for report in reports:
        if report["ended_at"] is not None:
            ended[report["command"]] = report
            if report["status"] == "completed":
                completed[report["command"]] = report
    samples = [sample for _, report in sorted(ended.items()) for sample in _of_run(report)]
    samples += [sample for _, report in sorted(completed.items()) for sample in _of_data(report)]
    by_name: dict[str, list[str]] = {}
    for name, labels, value in samples:
        shown = ",".join(f'{label}="{_BAD_LABEL.sub("_", text)}"' for label, text in labels.items())
        line = f"biodata_cache_{name}{{{shown}}} {value:.15g}\n"
        by_name.setdefault(name, [f"# TYPE biodata_cache_{name} gauge\n"]).append(line)
    return "".join(line for lines in by_name.values() for line in lines)


def _of_run(report: PastRun) -> Iterable[Sample]:
    labels = {"command": report["command"]}
    yield "run_success", labels, report["status"] == "completed"
    yield "run_ended_timestamp_seconds", labels, _timestamp(report)
    yield "run_seconds", labels, report["seconds"]
    yield "run_warnings", labels, len(report["warnings"])
    yield "run_failed_nodes", labels, len(report["failed"])
    for stage in report["stages"]:
        yield "stage_seconds", labels | {"stage": stage["stage"]}, stage["seconds"]


def _of_data(report: PastRun) -> Iterable[Sample]:
    labels = {"command": report["command"]}
    yield "last_success_timestamp_seconds", labels, _timestamp(report)
    extracted = report["extract"] or {}
    for records in (extracted.get("records"), extracted.get("records_v1")):
        if records is not None:
            for what in _COUNTS:
                yield (
                    f"records_{what}",
                    labels | {"collection": records["collection"]},
                    records[what],
                )
    for table in (report["publish"] or {}).get("tables", ()):
        for metric, value in (("table_rows", table["row_count"]), ("table_bytes", table["bytes"])):
            if value is not None:
                yield metric, labels | {"table": table["name"]}, value


def _timestamp(report: PastRun) -> float:
    return datetime.fromisoformat(report["ended_at"] or "").timestamp()

"""What the page of quality control shows: projects by weeks, and the assets behind the numbers."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from biodata_cache._core.sqltext import parquet_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import duckdb

TABLES = ("qc_status", "assets", "time_to_qc")
"""The tables that it is made from."""
STATUSES = ("Pass", "Fail", "Pending")
_WEEKS = 26
_MOST_PROJECTS = 200
_MOST_LISTED, _MOST_WAITING = 2_000, 500


def quality(
    connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Sequence[Path]]
) -> dict[str, Any]:
    """Counts by project and week, the newest assets, and those that wait longest; times are UTC."""
    for name in TABLES:
        connection.execute(f"create or replace temp view {name} as from {parquet_of(tables[name])}")
    query = files("biodata_cache._publish.catalogue") / "qc.sql"
    rows = connection.execute(query.read_text(encoding="utf-8")).fetchall()
    with_status = [row for row in rows if row[2] in STATUSES]
    waiting = [row for row in with_status if row[2] == "Pending" and row[4] is not None]
    shown = {row[0] for row in (*with_status[:_MOST_LISTED], *waiting[-_MOST_WAITING:])}
    projects = _projects(with_status)
    weeks = _weeks([row[3] for row in with_status if row[3] is not None])
    counts: Counter[tuple[str, int, str]] = Counter()
    for _, project, status, week, _ in with_status:
        counts[project, weeks.index(week) if week in weeks else -1, status] += 1
    cells = {(project, week) for project, week, _ in counts}
    return {
        "weeks": weeks,
        "projects": [
            [
                project,
                [
                    [week, *(counts[project, week, status] for status in STATUSES)]
                    for week in range(-1, len(weeks))
                    if (project, week) in cells
                ],
            ]
            for project in projects
        ],
        "projects_left_out": len({row[1] for row in with_status}) - len(projects),
        "assets": [
            [name, project, STATUSES.index(status), weeks.index(week) if week in weeks else -1, at]
            for name, project, status, week, at in with_status
            if name in shown
        ],
        "waiting": len(waiting),
        "without_metrics": len(rows) - len(with_status),
    }


def _projects(with_status: list[tuple[Any, ...]]) -> list[str]:
    """The projects with most assets, by name."""
    sizes = Counter(row[1] for row in with_status)
    ordered = sorted(sizes, key=lambda project: (-sizes[project], project))
    return sorted(ordered[:_MOST_PROJECTS], key=lambda project: (project.lower(), project))


def _weeks(mondays: list[str]) -> list[str]:
    """The Mondays of the last weeks, up to the newest asset."""
    if not mondays:
        return []
    last = date.fromisoformat(max(mondays))
    return [(last - timedelta(weeks=back)).isoformat() for back in range(_WEEKS - 1, -1, -1)]

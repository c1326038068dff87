"""Building and publishing the cache from Python, as `biodata-cache sync` does it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from biodata_cache._core import messages as _messages
from biodata_cache._core.errors import ArgumentError, TableNotFoundError
from biodata_cache._core.settings import values as _settings
from biodata_cache._core.settings.values import NO_SOURCE
from biodata_cache._pipeline.outcome import Outcome
from biodata_cache._pipeline.project import published_names
from biodata_cache._pipeline.run_ended import notify
from biodata_cache._pipeline.run_report import Run, recorded
from biodata_cache._pipeline.stages import run_sync

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Outcome", "publish_cache_registry", "update_all_tables"]


def update_all_tables(
    fast: bool = True,  # noqa: FBT001, FBT002  # existing code passes it by position
    slow: bool = True,  # noqa: FBT001, FBT002
    tables: Iterable[str] | None = None,
) -> Outcome:
    """Extract, build, test and publish, with the current settings.

    Works from an installed wheel and from a checkout. What is left out stays as it is published;
    the first time in a version, everything must be published.

    Args:
        fast: Update the tables that come from DocDB alone. Without `slow`, the object store is
            not probed.
        slow: Update the tables that also need the object store, and those they are made from.
        tables: Update these tables, whatever they need, and no others.

    Returns:
        What each stage did.

    Raises:
        ArgumentError: If no table is selected.
        CacheError: If a stage failed; the published cache is unchanged.
        MissingDependencyError: If the extra for building is not installed.
        TableNotFoundError: If a table does not exist.

    Example:
        >>> from biodata_cache.sync import update_all_tables
        >>> outcome = update_all_tables(tables=["asset_basics"])  # doctest: +SKIP
    """
    needs_objects = slow or tables is not None
    settings = _settings.load(objects=None if needs_objects else NO_SOURCE)
    selection = _selection(fast, slow, tables)
    run = Run("update_all_tables", settings)
    try:
        with recorded(run):
            run_sync(settings, run, selection=selection, outcome=run.outcome)
    finally:
        for problem in notify(run):
            warnings.warn(problem, stacklevel=2)
    return run.outcome


def publish_cache_registry() -> None:
    """Do nothing: `update_all_tables` publishes the registry with the tables.

    Warns:
        FutureWarning: Once for each process.
    """
    _messages.warn_ignored(
        "publish_cache_registry()", "update_all_tables() publishes the registry with the tables."
    )


def _selection(
    fast: bool,  # noqa: FBT001
    slow: bool,  # noqa: FBT001
    tables: Iterable[str] | None,
) -> list[str]:
    """Options of dbt that choose the tables, what they are made from, and their tests."""
    if tables is not None:
        names = [tables] if isinstance(tables, str) else list(tables)
        if not names:
            raise ArgumentError("tables is empty: name at least one table, or leave it out.")
        _check_names(names)
        # Tests of what is not chosen as well would miss it.
        chosen = [f"+{name}" for name in names]
        return ["--select", *chosen, "--indirect-selection", "cautious"]
    if not fast and not slow:
        raise ArgumentError("fast and slow are both false, so there is nothing to update.")
    if fast and slow:
        return []
    return ["--selector", "fast" if fast else "slow"]  # selectors.yml


def _check_names(names: list[str]) -> None:
    """Check the names of tables before an hour of work."""
    known = published_names()
    for name in names:
        if name not in known:
            raise TableNotFoundError(
                f"There is no table {name!r}.{_messages.nearest(str(name), known)} "
                f"There are {', '.join(known)}."
            )

"""The build stage: runs `dbt build`, incremental or full, unless nothing changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from biodata_cache._core.errors import BuildError
from biodata_cache._pipeline.dbt import last_build
from biodata_cache._pipeline.dbt.process import (
    Progress,
    checked_lake,
    dbt_environment,
    in_the_way,
    run_dbt,
)
from biodata_cache._pipeline.dbt.staging import fetch, state_of
from biodata_cache._pipeline.dbt.target import project_key
from biodata_cache._pipeline.lake import check_filled
from biodata_cache._pipeline.project import project_folder, require
from biodata_cache._storage.open import open_staging

if TYPE_CHECKING:
    from biodata_cache._core.settings.values import Settings

Stage = Callable[["Settings", Progress | None], str]
"""Builds the staging of a lake elsewhere; returns the folder or S3 address of its files."""

_STAGING = "staging"
_NO_UNIT_TESTS = ["--exclude-resource-type", "unit_test"]


@dataclass(frozen=True)
class Built:
    """What a build did.

    Attributes:
        seconds: Seconds that dbt took.
        by_change: Whether it was incremental.
        faults: Differences of an incremental build from the full one that replaced it, a sentence
            each.
    """

    seconds: float
    by_change: bool
    faults: list[str] = field(default_factory=list)


def build(
    settings: Settings,
    progress: Progress | None = None,
    *,
    unit_tests: bool = False,
    selection: Sequence[str] = (),
    full: bool = False,
    stage: Stage | None = None,
) -> Built | None:
    """Build and test every table from the raw lake into the build area.

    Nothing is built if the lake, the project and the settings are those of the last good build and
    its files are intact. If only the lake differs, the build is incremental. Every seventh night,
    with `full`, and if anything else differs, the build is full; an incremental one runs first and
    is compared with it, where that is possible.

    Args:
        settings: Names the work folder and the lake, which must be local here.
        progress: Receives progress after each model and test.
        unit_tests: Whether to run the unit tests of the models too. They test the SQL, not the
            data: what is published does not depend on them.
        selection: Options of dbt that choose models; by default all are built.
        full: Build everything, even if nothing changed.
        stage: Builds the staging of the records elsewhere; by default it is built here.

    Returns:
        What it did; None if there was nothing to build.

    Raises:
        BuildError: If a model or test failed; names it and the number of failing rows. If staging
            from elsewhere is not whole, or of another lake.
        LakeError: If a file of the lake is damaged.
        LockedError: If another build is running in the same folder.
    """
    require("dbt.adapters.duckdb", "pyarrow")
    work, raw, began_at = settings.work.resolve(), Path(settings.raw), datetime.now(timezone.utc)
    check_filled(settings.raw, raw)
    with checked_lake(work, raw) as content:
        project = project_key(project_folder(), dbt_environment(settings))
        if stage is not None:  # whose tables are views of files from elsewhere
            project = f"{project} staged"
        last = None if selection or unit_tests else last_build.find(work, project)
        is_due = full or last is None or last.is_due(began_at)
        if last is not None and not is_due and last.lake == content:
            last_build.confirm(work, began_at)
            return None
        last_build.forget(work)
        state = _State(content, project, began_at)
        earlier: dict[str, str] | None = None
        faults: list[str] = []
        if last is not None and stage is None:
            try:
                seconds = run_dbt(
                    settings, ["build", *_NO_UNIT_TESTS], {}, progress, by_change=True
                )
            except BuildError as error:
                faults.append(f"build: by change it failed, from nothing it did not: {error}")
            else:
                if not is_due:
                    last_build.keep(work, *state, whole_at=last.whole_at)
                    return Built(seconds, by_change=True)
                earlier = last_build.hashes_of_tables(work)
        variables = {}
        if stage is not None:
            address = stage(settings, progress)
            variables["staging_from"] = _fetched(settings, address, state_of(content))
        tests = [] if unit_tests else _NO_UNIT_TESTS
        seconds = run_dbt(settings, ["build", *tests, *selection], variables, progress)
        if not selection:
            whole = last_build.keep(work, *state)
            if earlier is not None:
                faults += _differences(earlier, whole.tables())
    return Built(seconds, by_change=False, faults=faults)


class _State(NamedTuple):
    """What a build is made from, and when it began."""

    lake: str
    project: str
    began_at: datetime


def _differences(by_change: dict[str, str], whole: dict[str, str]) -> list[str]:
    """Differences of an incremental build from a full one, at most one sentence.

    Example:
        >>> len(_differences({"a": "1", "b": "1"}, {"a": "1", "b": "2"}))
        1
        >>> _differences({"a": "1"}, {"a": "1"})
        []
    """
    other = sorted(
        path for path in by_change.keys() | whole.keys() if by_change.get(path) != whole.get(path)
    )
    if not other:
        return []
    files = "1 file was" if len(other) == 1 else f"{len(other):,} files were"
    return [
        f"build: by change {files} made otherwise than from nothing ({other[0]}): a fault of "
        "biodata-cache. Tables published since the last build from nothing may be wrong; those of "
        "this build are right"
    ]


def _fetched(settings: Settings, address: str, state: str) -> str:
    """Folder of a copy of the files of staging from elsewhere.

    Args:
        settings: Names the work folder.
        address: Folder or S3 address of the files.
        state: What they must be made from.
    """
    folder = settings.work.resolve() / _STAGING
    storage = open_staging(address, settings.requests)
    try:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir()
    except OSError as error:
        raise in_the_way(error) from None
    fetch(storage, state, folder)
    return str(folder)

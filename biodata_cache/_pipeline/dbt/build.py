"""The build stage: runs `dbt build`, unless there is nothing to build."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from biodata_cache._core.work_lock import work_locked
from biodata_cache._pipeline.dbt import last_build
from biodata_cache._pipeline.dbt.process import (
    Progress,
    check_work,
    dbt_environment,
    in_the_way,
    run_dbt,
)
from biodata_cache._pipeline.dbt.staging import fetch, state_of
from biodata_cache._pipeline.dbt.target import project_key
from biodata_cache._pipeline.lake import check_filled
from biodata_cache._pipeline.project import import_extract, project_folder, require
from biodata_cache._storage.open import open_staging

if TYPE_CHECKING:
    from biodata_cache._core.settings.values import Settings

Stage = Callable[["Settings", Progress | None], str]
"""Has the staging of a lake built elsewhere; returns the folder or S3 address of its files."""

_STAGING = "staging"


def build(
    settings: Settings,
    progress: Progress | None = None,
    *,
    unit_tests: bool = False,
    selection: Sequence[str] = (),
    full: bool = False,
    stage: Stage | None = None,
) -> float | None:
    """Build and test every table from the raw lake into the build area.

    There is nothing to build if the lake, the project and the settings are those of the last good
    build, and all that it left is there.

    Args:
        settings: Names the work folder and the lake, which must be local here.
        progress: Receives progress after each model and test.
        unit_tests: Whether to run the unit tests of the models too. They test the SQL, not the
            data: what is published does not depend on them.
        selection: Options of dbt that choose models; by default all are built.
        full: Build although nothing has changed.
        stage: Has the staging of the records built elsewhere; by default it is built here.

    Returns:
        Seconds that dbt took; None if there was nothing to build.

    Raises:
        BuildError: If a model or test failed; names it and the number of failing rows. If staging
            from elsewhere is not whole, or of another lake.
        LakeError: If a file of the lake is damaged.
        LockedError: If another build is running in the same folder.
    """
    require("dbt.adapters.duckdb", "pyarrow")
    import_extract()
    from extract.content_hash import content_hash  # noqa: PLC0415  # importable from here on
    from extract.lake.check import check_lakes  # noqa: PLC0415
    from extract.lake.reading import reading  # noqa: PLC0415

    work = settings.work.resolve()
    check_work(work)
    check_filled(settings.raw, Path(settings.raw))
    raw, began_at = Path(settings.raw), datetime.now(timezone.utc)
    with work_locked(work), reading(raw):
        check_lakes(raw)
        content = content_hash(raw)
        made_from = f"{content} {project_key(project_folder(), dbt_environment(settings))}"
        is_asked = bool(selection) or full or unit_tests
        if not is_asked and last_build.is_current(work, made_from, began_at):
            last_build.confirm(work, began_at)
            return None
        last_build.forget(work)
        variables = {}
        if stage is not None:
            address = stage(settings, progress)
            variables["staging_from"] = _fetched(settings, address, state_of(content))
        tests = [] if unit_tests else ["--exclude-resource-type", "unit_test"]
        seconds = run_dbt(settings, ["build", *tests, *selection], variables, progress)
        if not selection:
            last_build.keep(work, made_from, began_at)
    return seconds


def _fetched(settings: Settings, address: str, state: str) -> str:
    """Folder of a copy of the files of staging from elsewhere.

    Args:
        settings: Names the work folder.
        address: Folder or S3 address of the files.
        state: What they must be made from.

    Raises:
        BuildError: If they are not whole, or of another lake.
    """
    folder = settings.work.resolve() / _STAGING
    storage = open_staging(address, requester_pays=settings.requester_pays)
    try:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir()
    except OSError as error:
        raise in_the_way(error) from None
    fetch(storage, state, folder)
    return str(folder)

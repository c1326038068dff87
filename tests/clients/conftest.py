"""A published cache for programs that were written for the package that this one replaces."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from filelock import FileLock

from biodata_cache import sync


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of the published sample, made once for all processes of a run.

    `BIODATA_TEST_SAMPLE_ROOT` names one that is there already.
    """
    if "BIODATA_TEST_SAMPLE_ROOT" in os.environ:
        return Path(os.environ["BIODATA_TEST_SAMPLE_ROOT"])
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "clients"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / ".lock"), pytest.MonkeyPatch.context() as settings:
        if not (folder / "published").exists():
            settings.setenv("BIODATA_CACHE_SOURCE", "sample")
            settings.setenv("BIODATA_CACHE_WORK", str(folder / "work"))
            settings.setenv("BIODATA_CACHE_ROOT", str(folder / "root"))
            sync.update_all_tables()
            (folder / "published").touch()
    return folder / "root"

"""Fixtures of whole runs of the pipeline."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock
from whole_runs import Pipeline

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    return Pipeline(tmp_path)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """The published sample, built once for all processes of a run; tests must not change it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "sample"
    folder.mkdir(exist_ok=True)
    pipeline = Pipeline(folder)
    with FileLock(folder / ".lock"):
        if not (folder / "published").exists():
            pipeline.run("sample")
            (folder / "published").touch()
    return pipeline

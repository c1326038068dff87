"""Fixtures of whole runs of the pipeline."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

import pytest
import readme
from filelock import FileLock
from hostile import small_records
from odd_objects import put_odd_objects
from whole_runs import Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    return Pipeline(tmp_path)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """The published sample, made by the commands of the README; tests must not change it."""

    def make(pipeline: Pipeline) -> None:
        for command in readme.commands():
            if command.startswith(readme.MAKE_THE_SAMPLE):
                readme.run(shlex.split(command), pipeline.folder)

    return _made_once(Pipeline(_folder(tmp_path_factory, "sample"), "published"), make)


@pytest.fixture(scope="session")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """Small records, and all that is odd in a store of objects; tests must not change it."""

    def make(pipeline: Pipeline) -> None:
        pipeline.run([*put_odd_objects(pipeline), *small_records(range(40))])

    return _made_once(Pipeline(_folder(tmp_path_factory, "objects")), make)


def _folder(factory: pytest.TempPathFactory, name: str) -> Path:
    """A folder for all processes of a run."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    folder.mkdir(exist_ok=True)
    return folder


def _made_once(pipeline: Pipeline, make: Callable[[Pipeline], None]) -> Pipeline:
    """The pipeline, once one of the processes has made it."""
    made = pipeline.folder / ".made"
    with FileLock(pipeline.folder / ".lock"):
        if not made.exists():
            make(pipeline)
            made.touch()
    return pipeline

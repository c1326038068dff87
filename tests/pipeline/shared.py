"""Whole runs that many tests look at, made once for all processes of a run."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

import readme
from filelock import FileLock
from whole_runs import Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest


def made_once(
    factory: pytest.TempPathFactory,
    name: str,
    make: Callable[[Pipeline], object],
    root: str = "root",
) -> Pipeline:
    """The pipeline of a name, once one of the processes has made it; tests must not change it."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    folder.mkdir(exist_ok=True)
    pipeline, made = Pipeline(folder, root), folder / ".made"
    with FileLock(folder / ".lock"):
        if not made.exists():
            make(pipeline)
            made.touch()
    return pipeline


def published_sample(factory: pytest.TempPathFactory) -> Pipeline:
    """The published sample, made by the commands of the README."""

    def make(pipeline: Pipeline) -> None:
        for command in readme.commands():
            if command.startswith(readme.MAKE_THE_SAMPLE):
                readme.run(shlex.split(command), pipeline.folder)

    return made_once(factory, "sample", make, "published")


def compare_files(expected: Pipeline, work: Path) -> None:
    """Compare the public files of another work folder with those of a pipeline, byte for byte."""
    folder = expected.area.parent
    files = sorted(path.relative_to(folder) for path in expected.area.rglob("*.pqt"))
    built = work / "cache" / folder.name
    version = built / expected.area.name
    assert sorted(path.relative_to(built) for path in version.rglob("*.pqt")) == files
    assert len(files) > 100
    for path in files:
        assert (built / path).read_bytes() == (folder / path).read_bytes(), path

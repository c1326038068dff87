"""Fixtures of whole runs of the pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hostile import small_records
from hostile_records import hostile_records
from odd_objects import put_odd_objects
from shared import made_once, published_sample
from whole_runs import Pipeline

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    return Pipeline(tmp_path)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """The published sample; tests must not change it."""
    return published_sample(tmp_path_factory)


@pytest.fixture(scope="session")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """Small and hostile records, and all that is odd in a store of objects.

    Tests must not change it.
    """

    def make(pipeline: Pipeline) -> None:
        odd = put_odd_objects(pipeline)
        pipeline.run([*odd, *small_records(range(40)), *hostile_records()])

    return made_once(tmp_path_factory, "objects", make)

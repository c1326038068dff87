"""A published cache for programs that were written for the package that this one replaces."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "pipeline"))


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of the published sample; `BIODATA_TEST_SAMPLE_ROOT` names one that is there already.

    It is the one of the tests of the pipeline; tests must not change it.
    """
    if "BIODATA_TEST_SAMPLE_ROOT" in os.environ:
        return Path(os.environ["BIODATA_TEST_SAMPLE_ROOT"])
    from shared import published_sample  # it needs what building needs

    sample = published_sample(tmp_path_factory)
    return sample.published.parents[1]

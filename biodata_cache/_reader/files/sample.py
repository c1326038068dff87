"""Where the tables of the built-in sample are that the wheel carries."""

from __future__ import annotations

from pathlib import Path

from biodata_cache._core.errors import CacheNotFoundError
from biodata_cache._core.layout import CACHE_FOLDER

FOLDER = Path(__file__).resolve().parents[2] / "_sample"
"""Their root, which `make wheel` writes; a checkout has none before."""


def sample_root() -> Path:
    """The root of the sample.

    Raises:
        CacheNotFoundError: If the package is a checkout in which `make wheel` was not run.
    """
    if not (FOLDER / CACHE_FOLDER).is_dir():
        raise CacheNotFoundError(
            f"{FOLDER} is not there: the tables of the sample come with the wheel. In a checkout, "
            "`make wheel` writes them, and `make sync` builds them into the folder 'published', "
            "for BIODATA_CACHE_ROOT."
        )
    return FOLDER

"""Fixtures of the unit tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from published_cache import Published, Templates, add_quality_control

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Published:
    """An empty version 0.50.0, which the settings name."""
    published = Published(tmp_path / "published")
    published.folder.mkdir(parents=True)
    published.write_registry()
    monkeypatch.setenv("BIODATA_CACHE_ROOT", str(published.root))
    monkeypatch.setenv("BIODATA_CACHE_VERSION", published.version)
    return published


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return Templates(tmp_path_factory.mktemp("templates"))


@pytest.fixture
def qc_cache(cache: Published, templates: Templates) -> Published:
    """The version with quality control of all `SUBJECTS`."""
    templates.fill(cache, "qc", add_quality_control)
    return cache

"""What every test needs."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The developer's own `BIODATA_CACHE_*` variables never reach a test."""
    for name in os.environ:
        if name.startswith("BIODATA_CACHE_"):
            monkeypatch.delenv(name)

"""What every test needs."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The developer's own `BIODATA_CACHE_*` variables never reach a test."""
    for name in os.environ:
        if name.startswith("BIODATA_CACHE_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's own Chromium, without a window."""
    found = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    path = os.environ.get("BIODATA_TEST_CHROMIUM") or next(filter(None, found), None)
    if path is None:
        reason = "there is no Chromium: run scripts/install_browser.sh"
        if os.environ.get("BIODATA_TEST_REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        launched = playwright.chromium.launch(executable_path=path, args=arguments)
        yield launched
        launched.close()

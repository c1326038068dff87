"""The pages beside the tables in a real browser."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

WIDE, NARROW = (1280, 900), (375, 740)
_AXE = "axe-core-4.14.1/axe.min.js"


class Visit:
    """A page that is open, and all that it did beside showing something."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.messages: list[str] = []
        self.requested: list[str] = []
        page.on("console", lambda message: self.messages.append(message.text))
        page.on("pageerror", lambda error: self.messages.append(str(error)))
        page.on("dialog", lambda dialog: self.messages.append(dialog.message))
        page.on("request", lambda request: self.requested.append(request.url))

    def go(self, anchor: str = "") -> None:
        # From another page, so that it is loaded anew and not only scrolled.
        self.page.goto("about:blank")
        self.page.goto(self.address + anchor)

    def title(self) -> str:
        return self.page.locator("h1").inner_text()

    def shows(self, title: str) -> None:
        """Wait until a title is shown: what a key sets off happens a moment later."""
        self.page.get_by_role("heading", level=1, name=title, exact=True).wait_for()

    def names(self) -> list[str]:
        return self.page.locator(".overview a.name").all_inner_texts()

    def note(self) -> str:
        """What it says of the rows of a table, once they are read."""
        note = self.page.locator("#rows .note", has_not_text="Reading")
        note.wait_for()
        self.page.locator("#rows tbody:not([aria-busy])").wait_for(state="attached")
        return note.inner_text()

    def column(self, position: int) -> list[str]:
        """The texts of a column of the rows that are shown."""
        self.note()
        return self.page.locator(f"#rows tbody td:nth-child({position})").all_inner_texts()

    def violations(self) -> list[tuple[str, Any]]:
        """What breaks the rules of axe-core."""
        script = _tools() / _AXE
        if not script.is_file():
            pytest.skip(f"there is no {script}: run make servers")
        self.page.evaluate(script.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            (each["id"], [node["target"] for node in each["nodes"]]) for each in found["violations"]
        ]

    def is_wider(self) -> bool:
        """Whether it must be scrolled to the side."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))

    def check(self) -> None:
        """There were no messages, and no requests but for itself and objects."""
        assert not self.messages, self.messages
        others = {url.partition("#")[0] for url in self.requested if not url.startswith("data:")}
        pages = {url for url in others if "/data-asset-cache/.objects/" not in url}
        assert pages <= {self.address, "about:blank"}


@contextmanager
def visit(
    browser: Browser, address: str, *, size: tuple[int, int] = WIDE, scheme: Any = "light"
) -> Iterator[Visit]:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme
    )
    visited = Visit(context.new_page(), address)
    visited.go()
    yield visited
    visited.check()
    context.close()


def _tools() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("BIODATA_TEST_TOOLS") or Path(cache) / "biodata-cache-tools")

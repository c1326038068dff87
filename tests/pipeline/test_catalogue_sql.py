"""SQL on the catalogue page, by a DuckDB-WASM from another server, which the publisher named."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import consumers
import pytest
from visits import visit
from web import served

from biodata_cache._core.registry import document as _document
from biodata_cache._core.registry.history import PublishedBuild
from biodata_cache._publish.catalogue import page as _catalogue

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser
    from whole_runs import Pipeline

pytestmark = pytest.mark.slow

MODULES = "duckdb-wasm-1.28.0/node_modules"


def test_a_query_runs_on_the_objects(browser: Browser, sample: Pipeline, tmp_path: Path) -> None:
    if not (consumers.tools() / MODULES).is_dir():
        pytest.skip(f"there is no {MODULES}: run make servers")
    home = tmp_path / "data-asset-cache"
    shutil.copytree(sample.published.parent / ".objects", home / ".objects", copy_function=os.link)
    content = (sample.published / "cache_registry.json").read_bytes()
    registry = _document.parse(content, "registry")
    build = PublishedBuild.of("b", registry)
    file = home / "v/index.html"
    file.parent.mkdir()
    with served(consumers.tools()) as place, served(tmp_path) as web:
        modules = f"{place.address}/{MODULES}"
        file.write_bytes(_catalogue.page("v", registry, [build], {}, modules=modules))
        with visit(browser, f"{web.address}/data-asset-cache/v/index.html") as page:
            page.page.get_by_role("link", name="SQL", exact=True).click()
            page.shows("SQL")
            assert place.requests == [], "nothing is loaded before a query is run"
            page.page.get_by_label("Query").fill(
                "select count(*) as n, min(a.name) from assets as a join qc_status using (name);"
            )
            page.page.get_by_role("button", name="Run").click()
            page.page.get_by_text("1 row.").wait_for()
            (number,) = {entry.row_count for entry in registry if entry.name == "qc_status"}
            assert page.page.locator("td").first.inner_text() == str(number)
            assert page.violations() == []
            page.page.get_by_label("Query").fill("select nothing")
            page.page.keyboard.press("Control+Enter")
            page.page.get_by_text("That did not work: Binder Error").wait_for()
            assert page.page.url.endswith("#sql?query=select+nothing")
            (message,) = page.messages
            assert "Binder Error" in message, "DuckDB-WASM says it itself"
            page.messages.clear()
            page.requested = [
                url for url in page.requested if not url.startswith((modules, "blob:"))
            ]
        file.write_bytes(_catalogue.page("v", registry, [build], {}))
        with visit(browser, f"{web.address}/data-asset-cache/v/index.html") as page:
            assert page.page.get_by_role("link", name="SQL", exact=True).count() == 0
            page.go("#sql")
            assert page.title() == "Nothing here"

"""The built site: every link leads somewhere, and nothing is fetched from elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

import biodata_cache

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PROJECT = Path(__file__).resolve().parents[2]
TABLES = sorted(path.stem for path in (PROJECT / "models/cache").rglob("*.sql"))
# What a browser fetches by itself; `link` only with one of these relations.
FETCHED = {"img": "src", "script": "src", "iframe": "src", "source": "src", "video": "src"}
RELATIONS = {"stylesheet", "icon", "preload", "preconnect", "dns-prefetch", "modulepreload"}

pytestmark = pytest.mark.slow


@dataclass
class Page(HTMLParser):
    """What one page links to, fetches, and can be linked to."""

    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in FETCHED and given.get(FETCHED[tag]):
            self.fetched.append(given[FETCHED[tag]])
        if tag == "link" and RELATIONS & set(given.get("rel", "").split()):
            self.fetched.append(given["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site: the one that is there already, or built here."""
    if there := os.environ.get("TEST_DOCS_SITE"):
        return Path(there).resolve()
    folder = tmp_path_factory.mktemp("docs")
    subprocess.run(
        [
            sys.executable,
            str(PROJECT / "scripts/docs/build.py"),
            *("--work", str(folder / "work")),
            *("--site", str(folder / "site")),
        ],
        check=True,
    )
    return folder / "site"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    """Our pages; that of dbt is a program, and has no links before it runs."""
    result = {}
    for path in sorted(site.rglob("*.html")):
        if path.parent.name != "dbt":
            result[path] = Page()
            result[path].feed(path.read_text(encoding="utf-8"))
    return result


def test_every_table_has_a_page_with_its_parts(site: Path, pages: dict[Path, Page]) -> None:
    for table in TABLES:
        page = pages[site / f"tables/{table}.html"]
        assert {"columns", "example-rows", "queries", "lineage", "checks"} <= page.anchors, table
    listed = {link for link in pages[site / "tables/index.html"].links if link.count("/") == 0}
    assert {f"{table}.html" for table in TABLES} <= listed


def test_every_function_is_described(pages: dict[Path, Page], site: Path) -> None:
    """By mkdocstrings: a name that it does not find is an error of the build."""
    page = pages[site / "python.html"]
    for name in set(biodata_cache.__all__) - {"__version__"}:
        assert f"biodata_cache.{name}" in page.anchors, name


def test_pages_have_a_card(site: Path) -> None:
    assert (site / "card.png").read_bytes().startswith(b"\x89PNG")
    page = (site / "tables/assets.html").read_text(encoding="utf-8")
    assert '<meta property="og:image" content="../card.png">' in page
    assert '<meta property="og:title" content="assets">' in page


def test_search_works_from_a_folder(site: Path, browser: Browser) -> None:
    """Where browsers refuse a worker: ours runs in a frame."""
    page = browser.new_page()
    output: list[str] = []
    page.on("pageerror", lambda error: output.append(str(error)))
    page.goto((site / "tables/assets.html").as_uri())
    # Keys, since the page listens to these: a value that is set at once may go unseen.
    page.get_by_placeholder("Search").first.press_sequentially("experimenters_normalized")
    page.locator(".md-search-result__link").first.wait_for()
    result = [
        link.get_attribute("href") or "" for link in page.locator(".md-search-result a").all()
    ]
    assert any("tables/asset_basics.html" in link for link in result), result
    assert output == []
    page.close()


def leads_somewhere(path: Path, link: str, pages: dict[Path, Page]) -> bool:
    """Whether a link of a page that stays within the site has a target."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target in pages:
        return unquote(parts.fragment) in {"", *pages[target].anchors}
    return target.is_file()


def test_every_link_leads_somewhere(site: Path, pages: dict[Path, Page]) -> None:
    broken = [
        (path.relative_to(site), link)
        for path, page in pages.items()
        if path.name != "404.html"  # whose links are from the root of a server
        for link in {*page.links, *page.fetched}
        if not leads_somewhere(path, link, pages)
    ]
    assert broken == []
    assert sum(len(page.links) for page in pages.values()) > 1000


def test_nothing_is_fetched_from_elsewhere(site: Path, pages: dict[Path, Page]) -> None:
    fetched = {link for page in pages.values() for link in page.fetched}
    assert fetched
    assert {link for link in fetched if urlsplit(link).netloc} == set()
    for path in site.rglob("*.css"):
        text = path.read_text(encoding="utf-8").replace("url(data:", "")
        assert "url(http" not in text, path
        assert "@import" not in text, path


def test_the_site_of_dbt_knows_the_models_that_drawings_lead_to(
    site: Path, pages: dict[Path, Page]
) -> None:
    dbt = (site / "dbt/index.html").read_text(encoding="utf-8")
    named = {
        link.rpartition("/")[2]
        for page in pages.values()
        for link in page.links
        if "dbt/index.html#!" in link
    }
    assert len(named) > len(TABLES)
    assert [name for name in named if f'"{name}"' not in dbt] == []


def test_the_notebook_is_shown_with_its_pictures(site: Path, pages: dict[Path, Page]) -> None:
    pictures = [link for link in pages[site / "qc-over-time.html"].fetched if ".png" in link]
    assert len([name for name in pictures if name.startswith("qc-over-time")]) == 3

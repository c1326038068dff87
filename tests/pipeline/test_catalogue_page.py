"""The catalogue page of the published sample in a real browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urljoin, urlsplit
from urllib.request import Request, urlopen

import duckdb
import pytest
from visits import NARROW, WIDE, Visit, visit
from web import served

from biodata_cache._core.registry import document as _document
from biodata_cache._core.registry import history as _history
from biodata_cache._core.registry.history import PublishedBuild, TableSize
from biodata_cache._publish.catalogue import page as _catalogue
from biodata_cache._publish.catalogue.profiles import Profile, Profiles
from biodata_cache._publish.snapshots.public_files import PublicFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page
    from whole_runs import Pipeline

    from biodata_cache import CacheRegistry

pytestmark = pytest.mark.slow


@pytest.fixture
def address(sample: Pipeline) -> str:
    return (sample.published / "index.html").as_uri()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Visit]:
    with visit(browser, address) as visited:
        yield visited


def test_every_table_is_there_with_its_numbers(page: Visit, sample: Pipeline) -> None:
    entries = sample.registry()
    assert page.names() == [entry["name"] for entry in entries]
    rows = page.page.locator(".overview tbody tr td:nth-child(2)").all_inner_texts()
    assert rows == [f"{entry['row_count']:,}" for entry in entries]
    assert "just now" in page.page.locator("#built").inner_text() or "ago" in (
        page.page.locator("#built").inner_text()
    )


def test_every_table_says_all_that_the_registry_says(page: Visit, sample: Pipeline) -> None:
    for entry in sample.registry():
        page.go(f"#{entry['name']}")
        assert page.title() == entry["name"]
        text = " ".join(page.page.locator("main").inner_text().split())
        for column in entry["columns"]:
            assert f"{column['name']} " in text
            assert column["type"] in text
            assert " ".join(column["description"].replace("`", "").split()) in text
        checks = page.page.locator(".checks li").all_inner_texts()
        assert checks == [check["check"].replace("`", "") for check in entry["checks"]]
        made_from = {name for names in entry["made_from"].values() for name in names}
        assert set(page.page.locator(".layers li").all_inner_texts()) == made_from
        assert f"{entry['row_count']:,}" in text


def test_search_finds_names_texts_and_columns(page: Visit) -> None:
    everything = len(page.names())
    page.page.keyboard.press("/")
    page.page.keyboard.type("curriculum stage")
    assert page.names()[0] == "behavior_curriculum"
    assert 0 < len(page.names()) < everything
    assert "stage_node_id" in page.page.locator(".overview tr:first-child ul").inner_text()
    assert page.page.locator("mark").count() > 0
    page.page.keyboard.press("Enter")
    page.shows("behavior_curriculum")
    page.page.fill("#query", "no such quetzal")
    page.shows(f"0 of {everything} tables")
    assert page.names() == []
    assert page.page.locator("#results").inner_text() == "0 tables found"
    page.page.focus("#query")
    page.page.keyboard.press("Escape")
    assert len(page.names()) == everything


def test_addresses_lead_to_tables_and_columns(page: Visit) -> None:
    everything = len(page.names())
    page.go("#asset_basics.genotype")
    assert page.title() == "asset_basics"
    chosen = page.page.locator("tr.chosen")
    assert chosen.locator(".name").inner_text() == "genotype"
    box = chosen.bounding_box()
    assert box is not None
    assert 0 < box["y"] < WIDE[1]
    page.page.locator("main a", has_text="All tables").click()
    page.shows(f"{everything} tables")
    page.page.go_back()
    page.shows("asset_basics")
    for anchor in ("#nothing", "#asset_basics.nothing", "#%", "#content"):
        page.go(anchor)
        assert page.title() == "Nothing here", anchor
        assert f"no table or column {anchor[1:]}" in page.page.locator("main").inner_text()
    page.go("#asset_basic")
    page.page.locator("main a", has_text="asset_basics").click()
    page.shows("asset_basics")


def test_a_table_can_be_opened_and_left_with_the_keyboard(page: Visit) -> None:
    first = page.page.locator(".overview a.name").first
    name = first.inner_text()
    first.focus()
    page.page.keyboard.press("Enter")
    page.shows(name)
    assert page.page.evaluate("document.activeElement.tagName") == "H1"
    page.page.keyboard.press("Tab")
    assert page.page.evaluate("document.activeElement.tagName") in {"A", "PRE"}


def test_every_link_leads_to_a_file(browser: Browser, sample: Pipeline) -> None:
    folder = f"data-asset-cache/{sample.published.name}"
    with (
        served(sample.published.parents[1]) as web,
        visit(browser, f"{web.address}/{folder}/index.html") as page,
    ):
        links = set()
        for entry in sample.registry():
            page.go(f"#{entry['name']}")
            links |= set(_links(page))
        assert len(links) > 30
        for link in links:
            with urlopen(Request(link, method="HEAD")) as answer:
                assert answer.status == 200
            path = sample.published / unquote(urlsplit(link).path.partition(f"{folder}/")[2])
            assert path.is_file(), link


def _links(page: Visit) -> list[str]:
    found = page.page.eval_on_selector_all("a", "all => all.map(one => one.getAttribute('href'))")
    return [urljoin(page.address, link) for link in found if not link.startswith("#")]


def test_a_value_gives_its_file(page: Visit, sample: Pipeline) -> None:
    page.go("#quality_control")
    partitions = sample.partitions("quality_control")
    assert f"{len(partitions)}, one for each subject_id" in page.page.locator("#files").inner_text()
    rows = page.page.locator(".files tbody tr")
    assert rows.count() == 10
    numbers = [int(text) for text in page.page.locator(".files td:nth-child(2)").all_inner_texts()]
    assert numbers == sorted(partitions.values(), reverse=True)[:10]
    link = rows.locator("a").first
    path = unquote(urlsplit(urljoin(page.address, link.get_attribute("href"))).path)
    assert path.endswith(f"/qc/subject_id={quote(link.inner_text(), safe='')}/data.pqt")
    assert len(duckdb.read_parquet(path, hive_partitioning=False).fetchall()) == numbers[0]


def test_a_value_of_odd_characters_gives_its_file(browser: Browser, sample: Pipeline) -> None:
    value = "test/mouse 1%"
    assert value in sample.partitions("quality_control")
    file = PublicFile("qc/…/data.pqt", "quality_control", value, 1, 1, "")
    path = sample.published.parent / "odd.html"
    build = PublishedBuild("b", "2026-01-01T00:00:00Z", {})
    content = _catalogue.page(
        "v", _registry(sample.registry()), [build], _catalogue.largest([file])
    )
    path.write_bytes(content)
    try:
        with visit(browser, path.as_uri()) as page:
            page.go("#quality_control")
            link = page.page.locator(".files tbody a").first
            assert link.inner_text() == value
            href = str(link.get_attribute("href"))
    finally:
        path.unlink()
    assert (sample.published / unquote(href)).is_file()


def _registry(entries: list[dict[str, Any]]) -> CacheRegistry:
    return _document.parse(json.dumps({"tables": entries}), "registry")


def test_the_code_that_it_shows_runs(page: Visit, sample: Pipeline) -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("BIODATA_CACHE_")
    }
    scripts = []
    for entry in sample.registry():
        page.go(f"#{entry['name']}")
        for code in page.page.locator(".snippet pre").all_inner_texts():
            if code.startswith("select"):
                rows = duckdb.sql(code).fetchall()
                assert len(rows) == min(10, entry["row_count"]) or entry["partitioned"]
                assert rows or not entry["row_count"]
            else:
                scripts.append(f"{code}\nprint({entry['name']!r}, len({entry['name']}) > 0)")
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(scripts)],
        env=environment, cwd="/", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.splitlines() == [f"{entry['name']} True" for entry in sample.registry()]


def test_the_code_names_the_location_of_the_tables(
    browser: Browser, sample: Pipeline, tmp_path: Path
) -> None:
    """The bucket if they were published to one; else where the page itself is."""
    file = tmp_path / "a b/data-asset-cache/bdc-v0.50.0/index.html"
    file.parent.mkdir(parents=True)
    builds = [PublishedBuild("b", "2026-01-01T00:00:00Z", {})]
    listed = PublicFile("qc/subject_id=1/data.pqt", "quality_control", "1", 1, 1, "")
    partitions = _catalogue.largest([listed])

    def codes(entries: list[dict[str, Any]], address: str, name: str) -> str:
        registry = _registry(entries)
        file.write_bytes(_catalogue.page("bdc-v0.50.0", registry, builds, partitions))
        with visit(browser, address) as page:
            page.go(f"#{name}")
            return "\n".join(page.page.locator(".snippet pre").all_inner_texts())

    def moved(root: str) -> list[dict[str, Any]]:
        home = f"{root}/data-asset-cache/bdc-v0.50.0"
        return [
            entry | {"location": f"{home}/{entry['location'].rpartition('/')[2]}", "objects": []}
            for entry in sample.registry()
        ]

    code = codes(moved("s3://bucket/prefix"), file.as_uri(), "assets")
    assert 'os.environ["BIODATA_CACHE_ROOT"] = "s3://bucket/prefix"' in code
    assert "'s3://bucket/prefix/data-asset-cache/bdc-v0.50.0/assets.pqt'" in code
    code = codes(moved("s3://allen-data-views"), file.as_uri(), "quality_control")
    assert "environ" not in code, "that is where readers look anyway"
    assert "'s3://allen-data-views/data-asset-cache/bdc-v0.50.0/qc/*/data.pqt'" in code
    code = codes(moved("/elsewhere"), file.as_uri(), "assets")
    assert f'os.environ["BIODATA_CACHE_ROOT"] = "{tmp_path}/a b"' in code
    assert f"'{file.parent}/assets.pqt'" in code
    with served(tmp_path) as web:
        address = f"{web.address}/a%20b/data-asset-cache/bdc-v0.50.0/index.html"
        code = codes(moved("/elsewhere"), address, "quality_control")
        assert "environ" not in code, "no root that a reader knows"
        assert f"'{web.address}/a%20b/data-asset-cache/bdc-v0.50.0/qc/subject_id=" in code
        assert "*" not in code.replace("select *", ""), "there are no lists of files on the web"


@pytest.mark.parametrize("over_http", [False, True])
def test_code_can_be_copied(
    browser: Browser, address: str, sample: Pipeline, *, over_http: bool
) -> None:
    with served(sample.published.parents[1]) as web:
        here = f"{web.address}/data-asset-cache/{sample.published.name}/index.html"
        where = here if over_http else address
        with visit(browser, where) as page:
            page.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
            page.go("#assets")
            page.page.get_by_role("button", name="Copy: Python").click()
            page.page.get_by_text("Copied").wait_for()
            copied = page.page.evaluate("navigator.clipboard.readText()")
            assert copied.endswith("assets = biodata_cache.assets()")


@pytest.fixture
def grown(sample: Pipeline, tmp_path: Path) -> str:
    """The page of the sample after a history of its own."""
    sizes = [400, 380, 400, 420]
    builds = [
        PublishedBuild(f"b{day}", f"2026-01-0{day}T00:00:00Z", {"assets": TableSize(rows, 9000)})
        for day, rows in enumerate(sizes, start=1)
    ]
    page = tmp_path / "index.html"
    page.write_bytes(_catalogue.page("bdc-v0.50.0", _registry(sample.registry()), builds, {}))
    return page.as_uri()


def test_the_chart_shows_what_the_history_says(browser: Browser, grown: str) -> None:
    with visit(browser, grown) as page:
        page.go("#assets")
        chart = page.page.locator(".figure .plot")
        assert chart.get_attribute("aria-label") == (
            "Rows of assets over 4 builds: from 400 to 420."
        )
        dots = chart.locator("circle")
        heights = [float(dot.get_attribute("cy")) for dot in dots.all()]
        assert heights[0] == heights[2]
        assert heights[3] < heights[0] < heights[1], "more rows are further up"
        at = [float(dot.get_attribute("cx")) for dot in dots.all()]
        assert at == sorted(at)
        assert page.page.locator(".upright").inner_text().split() == ["420", "380"]
        line = chart.locator(".line").bounding_box()
        assert line is not None
        assert line["width"] > 500
        assert line["height"] > 80
        page.page.locator("summary").click()
        changes = page.page.locator("details td:nth-child(3)").all_inner_texts()
        assert changes == ["+20", "+20", "\u221220", ""]
        page.go("#source_data")
        assert page.page.locator(".plot").count() == 0, "its history is not known"


def test_history_of_the_sample_is_of_its_one_build(page: Visit, sample: Pipeline) -> None:
    content = (sample.published / "cache_history.json").read_bytes()
    (build,) = _history.parse(content, "history")
    assert {name: size.rows for name, size in build.tables.items()} == {
        entry["name"]: entry["row_count"] for entry in sample.registry()
    }
    assert page.page.locator(".overview .plot").count() == len(build.tables)
    assert build.build == page.page.locator("#build").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW, (320, 600)])
def test_it_can_be_read_at_any_width_in_both_schemes(
    browser: Browser, grown: str, sample: Pipeline, size: tuple[int, int], scheme: str
) -> None:
    with visit(browser, grown, size=size, scheme=scheme) as page:
        for name in ["", *[entry["name"] for entry in sample.registry()]]:
            page.go(f"#{name}")
            assert not page.is_wider(), name
        for selector in ("body", "h1", ".crumb a", "dt", ".columns .type", ".chip", "code", "pre"):
            assert _contrast(page.page, selector) >= 4.5, selector
        luminance = page.page.evaluate(f"{_COLORS} luminance(ground(document.body))")
        assert (luminance < 0.1) == (scheme == "dark")


_COLORS = """
const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
const luminance = (color) => numbers(color).slice(0, 3)
  .map((part) => part / 255)
  .map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
  .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
const ground = (element) => {
  for (let one = element; one; one = one.parentElement) {
    const color = getComputedStyle(one).backgroundColor;
    if (numbers(color)[3] !== 0) return color;
  }
};
"""


def _contrast(page: Page, selector: str) -> float:
    """Contrast of the first such element's text and what is behind it, as WCAG counts it."""
    found: float = page.evaluate(
        f"""(selector) => {{ {_COLORS}
        const element = document.querySelector(selector);
        const both = [luminance(getComputedStyle(element).color), luminance(ground(element))];
        return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
        }}""",
        selector,
    )
    return found


def test_what_is_to_be_filled_in_and_pressed_has_a_name(page: Visit) -> None:
    page.go("#quality_control")
    for field in page.page.locator("input, button").all():
        name = field.evaluate(
            "one => one.getAttribute('aria-label') || one.labels?.[0]?.textContent"
            " || one.textContent"
        )
        assert name
    for heads in page.page.locator("th").all():
        assert heads.get_attribute("scope") == "col"
    assert page.page.locator("h1").count() == 1
    assert page.page.locator("html").get_attribute("lang") == "en"


def test_texts_cannot_become_more_than_texts(browser: Browser, tmp_path: Path) -> None:
    attack = "<img src=x onerror=\"alert('a')\"></script><script>alert('b')</script> `<b>` **<i>**"
    name = "a</script><b>'\""
    entry = {
        "name": name, "description": attack, "type": "asset",
        "location": f"javascript:alert('c')/{attack}/t.pqt", "partitioned": True,
        "partition_key": "k</script>", "primary_key": [attack], "sort_order": [attack],
        "columns": [{"name": "c<b>", "description": attack, "type": "VARCHAR"}],
        "partition_count": 1,
        "checks": [{"check": attack, "status": attack}], "made_from": {"<b>": [attack]},
        "row_count": 1, "bytes": 1, "files": 1, "built_at": attack, "build_id": attack,
    }  # fmt: skip
    build = PublishedBuild(attack, attack, {name: TableSize(1, 1)})
    page_file = tmp_path / "index.html"
    file = PublicFile("p", name, "\"><script>alert('d')</script>", 1, 1, "")
    counted = {"missing": 0, "distinct": 1, "smallest": attack, "values": [[attack, 1], ["b", 1]]}
    known = {
        "columns": [counted | {"largest": attack}], "sample": [[attack]],
        "months": {"column": attack, "by": attack, "months": ["2024-01"], "earlier": 0,
                   "series": [[attack, [1]]]},
    }  # fmt: skip
    profiles = Profiles([Profile(name, "", json.dumps(known))])
    content = _catalogue.page("bdc-v<b>", _registry([entry]), [build], {name: [file]}, profiles)
    page_file.write_bytes(content)
    with visit(browser, page_file.as_uri()) as page:
        assert page.names() == [name]
        page.page.locator(".overview a.name").click()
        page.shows(name)
        assert attack.replace("`", "").replace("**", "") in page.page.locator(
            ".text"
        ).inner_text().replace("\n", " ")
        assert page.page.locator("main img, main script, main b, main i").count() == 0
        assert page.column(1) == [attack[:58] + "…"]
        assert page.page.locator("svg.months").count() == 1


def test_a_page_without_a_script_says_where_else_to_look(
    browser: Browser, address: str, sample: Pipeline
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    link = page.locator("noscript a").get_attribute("href")
    assert json.loads((sample.published / str(link)).read_text())["tables"]
    context.close()

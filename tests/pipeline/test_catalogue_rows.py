"""The rows on the catalogue page: read from objects over http, else from a sample in the page."""

from __future__ import annotations

import csv
import io
import re
import shutil
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import duckdb
import pytest
from visits import NARROW, WIDE, Visit, visit
from web import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser
    from web import Bucket
    from whole_runs import Pipeline

pytestmark = pytest.mark.slow

ROWS = 20


@pytest.fixture(scope="module")
def web(sample: Pipeline) -> Iterator[Bucket]:
    with served(sample.published.parents[1]) as bucket:
        yield bucket


@pytest.fixture
def page(browser: Browser, web: Bucket, sample: Pipeline) -> Iterator[Visit]:
    address = f"{web.address}/data-asset-cache/{sample.published.name}/index.html"
    with visit(browser, address) as visited:
        yield visited


def entry_of(sample: Pipeline, name: str) -> dict[str, Any]:
    (found,) = (entry for entry in sample.registry() if entry["name"] == name)
    return found


def rows_of(sample: Pipeline, query: str) -> list[Any]:
    """Rows of a query on `assets` and `quality_control`, its objects."""
    home = sample.published.parent / ".objects"
    with duckdb.connect() as duck:
        duck.execute("set TimeZone = 'UTC'")
        for entry in sample.registry():
            if entry["name"] in {"assets", "quality_control"}:
                files = [str(home / each["name"]) for each in entry["objects"]]
                view = f"create view {entry['name']} as from read_parquet({files})"
                duck.execute(view)
        return duck.execute(query).fetchall()


def test_first_rows_are_read_by_ranges_of_the_object(
    page: Visit, web: Bucket, sample: Pipeline
) -> None:
    web.requests.clear()
    page.go("#quality_control")
    (total,) = rows_of(sample, "select count(*) from quality_control")[0]
    assert page.note() == f"{total:,} rows."
    query = f"select asset_name, name from quality_control limit {ROWS}"
    names = [column["name"] for column in entry_of(sample, "quality_control")["columns"]]
    for position, column in enumerate(("asset_name", "name")):
        shown = page.page.locator(
            f"#rows tbody td:nth-child({names.index(column) + 1})"
        ).all_text_contents()
        whole = [row[position] for row in rows_of(sample, query)]
        assert [text.rstrip("…") for text in shown] == [
            text if len(text) <= 60 else text[:58] for text in whole
        ]
    requested = [each for each in web.requests if ".objects" in each.path]
    assert {each.path.rpartition("/")[2] for each in requested} == {
        each["name"] for each in entry_of(sample, "quality_control")["objects"]
    }
    assert all(each.range for each in requested)


CHOICES = [
    ({"is.platforms": "fib"}, "list_contains(platforms, 'fib')", "name"),
    ({"has.name": "BEHAVIOR"}, "name ilike '%behavior%'", "name"),
    ({"from.age": "60", "to.age": "100"}, "age between 60 and 100", "name"),
    ({"from.acquisition_start_at": "2024", "to.acquisition_start_at": "2024-06"},
     "acquisition_start_at >= '2024-01-01' and acquisition_start_at < '2024-07-01'", "name"),
    ({"no.genotype": ""}, "genotype is null", "name"),
    ({"is.is_raw": "false", "sort": "-duration_s"}, "not is_raw",
     "duration_s desc nulls last, name"),
    ({"is.utc_offset_minutes": "-420", "sort": "subject_id"}, "utc_offset_minutes = -420",
     "subject_id, name"),
    ({"sort": "age", "page": "2"}, "true", "age nulls last, name"),
]  # fmt: skip


def test_an_address_chooses_rows_as_sql_does(page: Visit, sample: Pipeline) -> None:
    for options, where, order in CHOICES:
        page.go(f"#assets?{urlencode(options)}")
        query = f"select name from assets where {where} order by {order}"
        wanted = [name for (name,) in rows_of(sample, query)]
        assert wanted, where
        first = (int(options.get("page", "1")) - 1) * ROWS
        shown = page.column(1)
        cut = [name if len(name) <= 60 else name[:58] + "…" for name in wanted]
        assert shown == cut[first : first + ROWS], where
        if where != "true":
            assert page.note().startswith(f"{len(wanted)} row")


def test_the_address_reflects_the_selection(page: Visit) -> None:
    page.go("#assets")
    page.note()
    page.page.get_by_label("data_level is").select_option("=raw")
    page.page.get_by_label("name has", exact=True).fill("behavior")
    sort = page.page.get_by_role("button", name="subject_id")
    sort.focus()
    page.page.keyboard.press("Enter")
    page.page.keyboard.press("Enter")
    head = page.page.locator("#rows th", has=sort)
    assert head.get_attribute("aria-sort") == "descending"
    chosen = page.column(1)
    address = page.page.url
    assert address.endswith("#assets?is.data_level=raw&has.name=behavior&sort=-subject_id")
    page.go(address.removeprefix(page.address))
    assert page.column(1) == chosen
    assert page.page.get_by_label("name has", exact=True).input_value() == "behavior"
    page.page.get_by_role("button", name="Next").click()
    assert "page=2" in page.page.url
    assert not set(page.column(1)) & set(chosen)
    page.page.get_by_role("button", name="Show all").click()
    page.page.wait_for_url(re.compile("#assets$"))
    page.go("#assets?is.nothing=1&sort=nobody")
    assert "asks for is.nothing, sort, which this table does not have" in page.note()


def test_csv_holds_the_rows_that_are_chosen(page: Visit, sample: Pipeline) -> None:
    page.go("#assets?is.platforms=fib&sort=-name")
    page.note()
    with page.page.expect_download() as started:
        page.page.get_by_role("button", name="Download CSV").click()
    assert started.value.suggested_filename == "assets.csv"
    text = started.value.path().read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    query = (
        "select name, genotype, age, acquisition_start_at::timestamp::varchar, modalities "
        "from assets where list_contains(platforms, 'fib') order by name desc"
    )
    names = ("name", "genotype", "age", "acquisition_start_at")
    wanted = [
        tuple("" if value is None else str(value) for value in row[:4])
        for row in rows_of(sample, query)
    ]
    assert [tuple(row[name] for name in names) for row in rows] == wanted
    assert rows[0]["modalities"].startswith('["')


def test_a_page_from_a_file_shows_its_sample_with_a_note(
    browser: Browser, sample: Pipeline
) -> None:
    with visit(browser, (sample.published / "index.html").as_uri()) as page:
        page.go("#assets?sort=-name")
        total = entry_of(sample, "assets")["row_count"]
        note = page.note()
        assert f"rows, the first of {total}: a browser reads no other file" in note
        shown = page.column(1)
        first = [name for (name,) in rows_of(sample, f"from assets select name limit {ROWS}")]
        assert shown == sorted(shown, reverse=True)
        assert set(shown) <= set(first)
        assert not [url for url in page.requested if ".objects" in url]


def test_rows_that_cannot_be_read_are_a_sample(
    browser: Browser, sample: Pipeline, tmp_path: Path
) -> None:
    shutil.copy(sample.published / "index.html", tmp_path)
    with served(tmp_path) as bucket:
        context = browser.new_context()
        page = Visit(context.new_page(), f"{bucket.address}/index.html")
        page.go("#assets")
        assert "the others cannot be read (fetch failed 404)" in page.note()
        assert page.column(1)
        context.close()


def test_search_is_by_words(page: Visit) -> None:
    page.page.fill("#query", "age")
    found = page.page.locator(".overview ul li:first-child a").first
    assert found.inner_text() == "age"
    everything = " ".join(page.page.locator(".overview mark").all_inner_texts()).lower()
    assert set(everything.split()) == {"age"}
    page.page.fill("#query", "fib")
    link = page.page.locator(".overview li", has_text="modalities has fib").first
    link.get_by_role("link", name="fib", exact=True).click()
    page.page.wait_for_url(re.compile(r"is\.\w*modalities=fib$"))
    assert "rows of" in page.note()
    page.go("#?q=curriculum+stage")
    assert page.names()[0] == "behavior_curriculum"
    assert page.page.locator("#query").input_value() == "curriculum stage"


def test_months_and_lineage_are_pictures_with_words(page: Visit, sample: Pipeline) -> None:
    page.go("#sessions")
    chart = page.page.locator("svg.months")
    assert str(chart.get_attribute("aria-label")).startswith("Rows of sessions by month of ")
    page.go("#assets")
    page.page.locator("#months summary").click()
    counted = page.page.locator("#months td.number").all_inner_texts()
    query = (
        "select sum(greatest(len(platforms), 1)) from assets where acquisition_start_at is not null"
    )
    ((wanted,),) = rows_of(sample, query)
    assert sum(int(text.replace(",", "")) for text in counted) == wanted
    names = page.page.locator("svg.lineage text").all_text_contents()
    made_from = entry_of(sample, "assets")["made_from"]
    assert {*names} == {"assets", *(name for layer in made_from.values() for name in layer)}
    assert page.page.locator("svg.lineage .edge").count() >= len(names) - 1


STATES = [
    "", "#?q=fib", "#?q=quetzal", "#nothing", "#assets", "#assets.genotype", "#quality_control",
    "#assets?is.platforms=fib&from.age=60&sort=-age", "#assets?has.name=quetzal", "#records",
]  # fmt: skip


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")])
def test_every_state_keeps_the_rules_of_accessibility(
    browser: Browser, page: Visit, size: tuple[int, int], scheme: str
) -> None:
    with visit(browser, page.address, size=size, scheme=scheme) as visited:
        for state in STATES:
            visited.go(state)
            if "#assets" in state:
                visited.note()
            assert visited.violations() == [], state
            assert not visited.is_wider(), state

"""The page of quality control against the tables that it is made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest
from visits import NARROW, WIDE, Visit, visit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser
    from whole_runs import Pipeline

pytestmark = pytest.mark.slow


@pytest.fixture
def page(browser: Browser, sample: Pipeline) -> Iterator[Visit]:
    with visit(browser, (sample.published / "qc.html").as_uri()) as visited:
        yield visited


def test_projects_and_weeks_are_those_of_the_tables(page: Visit, sample: Pipeline) -> None:
    with duckdb.connect() as duck:
        for name in ("qc_status", "assets"):
            duck.execute(
                f"create view {name} as from read_parquet('{sample.published}/{name}.pqt')"
            )
        wanted = duck.execute(
            """
            select
                coalesce(project_name, '') as project, count(*), count(*) filter (status = 'Pass')
            from qc_status
            left join assets using (name)
            where status is not null
            group by 1
            order by 1
            """
        ).fetchall()
    wanted.sort(key=lambda row: (row[0].lower(), row[0]))
    assert (
        page.page.locator(".lead p")
        .inner_text()
        .startswith(
            f"{sum(row[1] for row in wanted)} assets: {sum(row[2] for row in wanted)} pass ("
        )
    )
    heads = page.page.locator(".matrix tbody th")
    assert heads.locator("a").all_inner_texts() == [row[0] or "no project" for row in wanted]
    for row, (_, assets, passed) in zip(
        page.page.locator(".matrix tbody tr").all(), wanted, strict=True
    ):
        assert f"{assets} asset" in row.locator("th").inner_text()
        cells = row.locator(".cell small").all_text_contents()
        assert sum(map(int, cells)) == assets
        label = str(row.locator("td").first.locator("svg").get_attribute("aria-label"))
        assert (f": {passed} pass (" in label) == bool(passed)


def test_a_cell_leads_to_its_assets_and_an_asset_to_its_row(page: Visit) -> None:
    cell = page.page.locator(".cell").last
    number = int(cell.locator("small").inner_text())
    cell.click()
    page.page.locator(".crumb").wait_for()
    assert page.title().endswith((", earlier", *(f"-{day:02}" for day in range(1, 32))))
    assert page.page.locator(".assets tbody tr").count() == number
    name = page.page.locator(".assets a.name").first
    text = name.inner_text()
    page.address = page.address.replace("qc.html", "index.html")
    with page.page.expect_navigation():
        name.click()
    page.shows("assets")
    assert page.page.get_by_label("name has", exact=True).input_value() == text
    page.requested.clear()


def test_the_longest_waiting_come_first(page: Visit) -> None:
    times = page.page.locator(".assets time")
    at = [str(each.get_attribute("datetime")) for each in times.all()]
    assert at
    assert at == sorted(at)
    assert set(page.page.locator(".assets .status").all_inner_texts()) == {"pending"}


def test_an_address_of_nothing_is_reported(page: Visit) -> None:
    page.go("#project=nobody")
    assert page.title() == "Nothing here"


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")])
def test_every_state_keeps_the_rules_of_accessibility(
    browser: Browser, page: Visit, size: tuple[int, int], scheme: str
) -> None:
    anchor = str(page.page.locator(".matrix tbody th a").first.get_attribute("href"))
    with visit(browser, page.address, size=size, scheme=scheme) as visited:
        for state in ("", anchor, "#nothing"):
            visited.go(state)
            assert visited.violations() == [], state
            assert not visited.is_wider(), state

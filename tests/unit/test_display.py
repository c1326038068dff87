"""How tables and the registry show themselves."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser
from typing import Any

import pytest

import biodata_cache
from biodata_cache import TableInfo, TableNotFoundError, get_cache_registry, scan, table_info

HOSTILE = "<script>alert('x')</script> & \"quoted\""


class Cells(HTMLParser):
    """The texts of a page, and its tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == [], "every tag is closed"

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        self.tags.append(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture
def shown(cache: Any) -> Any:
    built = datetime.now(timezone.utc) - timedelta(hours=5, minutes=30)
    cache.partitioned(
        "quality_control",
        "qc",
        "subject_id",
        {value: f"select 'x' as name, '{value}' as subject_id" for value in "abcdefg"},
        description="Every metric. **One row per**\nmetric of `name`.\n\n"
        "**Left out:** a.\n**Watch out:** b.",
        row_count=1234,
        bytes=2_500_000,
        files=7,
        partition_count=7,
        built_at=built.isoformat().replace("+00:00", "Z"),
        primary_key=["name", "subject_id"],
        sort_order=["name"],
    )
    cache.enter(
        {
            "name": HOSTILE,
            "description": HOSTILE,
            "location": f"{HOSTILE}.pqt",
            "partitioned": False,
            "partition_key": None,
            "type": "metadata",
            "columns": [{"name": HOSTILE, "description": HOSTILE, "type": HOSTILE}],
        }
    )
    return cache


def test_a_table_in_a_terminal(shown: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    text = repr(table_info("quality_control"))
    lines = text.splitlines()
    assert max(map(len, lines)) <= 60
    assert lines[:5] == [
        "quality_control",
        "",
        "Every metric. One row per metric of name.",
        "Left out: a.",
        "Watch out: b.",
    ]
    for fact in (
        "1,234 rows, 2.5 MB, 7 files",
        "(5 hours ago)",
        "partitions: one file for each subject_id (7)",
        "key: name, subject_id",
        "name        VARCHAR  About name.",
    ):
        assert fact in text


def test_a_table_in_a_notebook(shown: Any) -> None:
    page = Cells(table_info("quality_control")._repr_html_())
    assert {"table", "th", "td", "h4", "li"} <= set(page.tags)
    assert "1,234 rows, 2.5 MB, 7 files" in page.texts
    assert {"name", "VARCHAR", "About name."} <= set(page.texts)


def test_texts_are_not_taken_for_html(shown: Any) -> None:
    pages = [
        table_info(HOSTILE)._repr_html_(),
        get_cache_registry()._repr_html_(),
        get_cache_registry()[HOSTILE]._repr_html_(),
        scan("quality_control", name=HOSTILE)._repr_html_(),
    ]
    for text in pages:
        page = Cells(text)
        assert "script" not in page.tags
        assert HOSTILE in "".join(page.texts) or repr(HOSTILE) in "".join(page.texts)


def test_the_registry_lists_its_tables(shown: Any) -> None:
    text = repr(get_cache_registry())
    assert "quality_control" in text
    assert "1,234" in text
    assert "5 hours ago" in text
    assert "unknown number of rows" in repr(get_cache_registry()[HOSTILE])
    assert {"quality_control", "1,234", "2.5 MB"} <= set(
        Cells(get_cache_registry()._repr_html_()).texts
    )


def test_table_info_is_the_entry_with_where_it_is_read(shown: Any) -> None:
    info = table_info("quality_control")
    assert isinstance(info, TableInfo)
    assert info.version == "bdc-v0.50.0"
    assert info.location == str(shown.folder / "qc")
    assert info.columns == get_cache_registry()["quality_control"].columns
    with pytest.raises(TableNotFoundError, match="Nearest: 'quality_control'"):
        table_info("quality_contro")


def test_a_scan_says_what_it_would_read(shown: Any) -> None:
    text = repr(scan("quality_control", columns=["name"], subject_id=["a"]))
    assert "Scan of quality_control: name, where subject_id=['a']" in text
    assert str(shown.folder / "qc" / "subject_id=a" / "data.pqt") in text


@pytest.mark.parametrize("built_at", [None, "", "yesterday", "2024-01-31T00:00:00"])
def test_any_time_of_building_can_be_shown(cache: Any, built_at: str | None) -> None:
    cache.plain("assets", "select 'a' as name")
    cache.entries[0]["built_at"] = built_at
    cache.write_registry()
    assert "assets" in repr(biodata_cache.get_cache_registry())
    assert "About assets." in repr(table_info("assets"))

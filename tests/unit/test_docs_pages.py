"""The scripts that make the documentation, part by part."""

from __future__ import annotations

import doctest
import importlib.util
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

import biodata_cache

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts/docs"
NAMES = ["api", "commands", "lineage", "queries", "text"]


def script(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"docs_{name}", SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", NAMES)
def test_examples(name: str) -> None:
    assert doctest.testmod(script(name)).failed == 0


def test_lineage_is_drawn_from_top_to_bottom() -> None:
    lineage = script("lineage")
    graph = {"table": ["rule", "stage"], "rule": ["stage", "stage 2"], "stage": [], "stage 2": []}
    svg = ET.fromstring(
        lineage.drawing(
            graph, lambda node: f"<{node}>", lambda node: f"{node}.html", lambda _: "x", "<table>"
        )
    )
    boxes = {
        link.get("href"): (float(link.find("g/rect").get("y")), link.find("g/text").text)
        for link in svg.iter("a")
    }
    assert boxes["table.html"][1] == "<table>"
    assert (
        boxes["stage.html"][0]
        == boxes["stage 2.html"][0]
        < boxes["rule.html"][0]
        < boxes["table.html"][0]
    )
    assert len(list(svg.iter("path"))) == 4
    named = {each.get("id"): each.text for each in svg if each.tag in {"title", "desc"}}
    assert named["lineage-title"] == "<table>"
    assert svg.get("aria-labelledby").split() == list(named)
    assert svg.get("role") != "img", "a screen reader would not find the links in it"


def test_a_wide_row_of_lineage_wraps() -> None:
    lineage = script("lineage")
    graph = {"table": [f"a long name of a model {number}" for number in range(9)]}
    graph |= {name: [] for name in graph["table"]}
    svg = ET.fromstring(lineage.drawing(graph, str, str, str, "many"))
    assert float(svg.get("width")) < 700, "the column of text of a window of 1440 pixels"
    places = [(rect.get("x"), rect.get("y")) for rect in svg.iter("rect")]
    assert len(set(places)) == 10
    assert len({y for _, y in places}) > 2
    assert lineage.as_text(graph, str).count("<li>") == 1


def test_rows_of_data_are_no_markup() -> None:
    text = script("text")
    table = text.html_table(["<a>"], [["<script>|*x*</script>"], [None], [{"a": [1]}]])
    assert "<script>" not in table
    assert "&lt;script&gt;|*x*&lt;/script&gt;" in table
    assert "<td>{&quot;a&quot;: [1]}</td>" in table


def test_every_public_name_is_on_the_page_of_functions() -> None:
    page = script("api").page()
    for name in set(biodata_cache.__all__) - {"__version__"}:
        assert f"\n::: biodata_cache.{name}\n" in page, name


def test_every_table_answers_a_question() -> None:
    project = SCRIPTS.parents[1]
    page = (project / "docs/which-table.md").read_text(encoding="utf-8")
    for path in (project / "models/cache").rglob("*.sql"):
        assert f"[`{path.stem}`](tables/{path.stem}.md)" in page, path.stem


def test_the_card_is_the_same_whenever_it_is_made(tmp_path: Path) -> None:
    card = script("card")
    for name in ("one", "two"):
        card.write(tmp_path / name, "biodata-cache", "Small tables of what assets are.", 36)
    first = (tmp_path / "one").read_bytes()
    assert first == (tmp_path / "two").read_bytes()
    width, height = (int.from_bytes(first[at : at + 4], "big") for at in (16, 20))
    assert (width, height) == card.SIZE


def test_every_command_is_on_its_page() -> None:
    from biodata_cache._cli import cli

    page = script("commands").section()
    assert len(cli.commands) > 10
    for name in cli.commands:
        assert f"\n### {name}\n" in page
    sent = (Path(SCRIPTS.parents[1]) / "docs/command-line.md").read_text()
    for name in cli.commands:
        assert f"(#{name})" in sent, name


def test_a_query_without_a_question_is_refused(tmp_path: Path) -> None:
    queries = script("queries")
    (tmp_path / "t.sql").write_text("-- One?\nselect 1;\n\nselect ';';\n")
    with pytest.raises(ValueError, match="select"):
        queries.queries("t", tmp_path)
    (tmp_path / "t.sql").write_text("-- One\n-- line?\nselect 1;\n\n-- Two?\nselect ';';\n")
    assert [(query.question, query.sql) for query in queries.queries("t", tmp_path)] == [
        ("One line?", "select 1"),
        ("Two?", "select ';'"),
    ]

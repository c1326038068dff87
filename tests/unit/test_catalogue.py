"""The catalogue page as bytes: made of its input alone, and of nothing that a text smuggles in."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from biodata_cache._core.history import PublishedBuild, TableSize
from biodata_cache._publish import catalogue as _catalogue

BUILD = PublishedBuild("b1", "2026-01-01T00:00:00Z", {"assets": TableSize(2, 99)})
LATER = PublishedBuild("b2", "2026-01-02T00:00:00Z", {"assets": TableSize(3, 101)})

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!-- <script>",
    "]]>",
    "{{data}} {{script}}",
    "line\u2028separator \u2029",
    '"quoted" \\ back',
    "&lt;script&gt;",
    "Zoë 👩🏽‍🔬",
]


def entry(name: str = "assets", **extra: Any) -> dict[str, Any]:
    return {
        "name": name,
        "description": "Data assets. **One row per** asset.",
        "location": f"s3://bucket/data-asset-cache/bdc-v0.50.0/{name}.pqt",
        "partitioned": False,
        "partition_key": None,
        "type": "metadata",
        "columns": [{"name": "name", "description": "Name.", "type": "VARCHAR"}],
    } | extra


class Parts(HTMLParser):
    """Elements of a page with their attributes and the text right in them."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002  # what follows is not in it
        self.found.append(("", {}, ""))

    def handle_data(self, data: str) -> None:
        if self.found:
            tag, attributes, text = self.found[-1]
            self.found[-1] = (tag, attributes, text + data)

    def of(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        return [(attributes, text) for name, attributes, text in self.found if name == tag]


def data_of(page: bytes) -> dict[str, Any]:
    (text,) = (text for attributes, text in Parts(page).of("script") if "type" in attributes)
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_only_ever_a_text(text: str) -> None:
    page = _catalogue.page("bdc-v0.50.0", [entry(description=text)], [BUILD])
    assert data_of(page)["tables"][0]["description"] == text
    plain = _catalogue.page("bdc-v0.50.0", [entry()], [BUILD])
    assert [tag for tag, _, _ in Parts(page).found] == [tag for tag, _, _ in Parts(plain).found]


def test_same_input_same_bytes() -> None:
    pages = [_catalogue.page("bdc-v0.50.0", [entry()], [BUILD, LATER]) for _ in range(2)]
    assert pages[0] == pages[1]
    assert pages[0] != _catalogue.page("bdc-v0.50.0", [entry()], [LATER])


def test_the_policy_allows_the_one_style_and_the_one_script() -> None:
    parts = Parts(_catalogue.page("bdc-v0.50.0", [entry()], [BUILD]))
    (policy,) = (
        attributes["content"]
        for attributes, _ in parts.of("meta")
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert "default-src 'none'" in policy
    (script,) = (text for attributes, text in parts.of("script") if not attributes)
    ((_, style),) = parts.of("style")
    for name, text in (("script", script), ("style", style)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert re.search(f"{name}-src 'sha256-{re.escape(digest)}'", policy)


def test_nothing_is_asked_of_another_place() -> None:
    page = _catalogue.page("bdc-v0.50.0", [entry()], [BUILD])
    for _, attributes, _ in Parts(page).found:
        for name in ("src", "href"):
            address = attributes.get(name) or ""
            assert not re.match(r"(https?:)?//", address), address
    addresses = set(re.findall(rb"https?://[^\s\"'`)]+", page))
    assert addresses == {b"http://www.w3.org/2000/svg"}, "the name of SVG, which nobody asks for"


def test_what_an_older_publisher_left_out_is_unknown() -> None:
    page = _catalogue.page("bdc-v0.50.0", [entry(), entry("other")], [BUILD, LATER])
    assets, other = data_of(page)["tables"]
    assert (assets["rows"], assets["checks"], assets["made_from"]) == (None, [], {})
    assert assets["history"] == [[2, 99], [3, 101]]
    assert other["history"] == [None, None]


def test_partitions_and_functions_of_tables() -> None:
    partitions = [{"value": "a/b", "rows": 1, "bytes": 2, "sha256": "0"}, {"value": ""}]
    page = _catalogue.page(
        "bdc-v0.50.0",
        [entry("quality_control", partitioned=True, partitions=partitions), entry("mine")],
        [BUILD],
    )
    ours, mine = data_of(page)["tables"]
    assert ours["partitions"] == [["a/b", 1, 2], ["", None, None]]
    assert (ours["has_function"], mine["has_function"]) == (True, False)

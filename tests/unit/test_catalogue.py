"""The catalogue page as bytes: made of its input alone, and of nothing that a text smuggles in."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from biodata_cache import CacheRegistry, TableEntry
from biodata_cache._core.registry import document as _document
from biodata_cache._core.registry.history import PublishedBuild, TableSize
from biodata_cache._publish.catalogue import page as _catalogue
from biodata_cache._publish.snapshots.public_files import PublicFile

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


def entry(name: str = "assets", **extra: Any) -> TableEntry:
    values = {
        "name": name,
        "description": "Data assets. **One row per** asset.",
        "location": f"s3://bucket/data-asset-cache/bdc-v0.50.0/{name}.pqt",
        "partitioned": False,
        "partition_key": None,
        "type": "metadata",
        "columns": [{"name": "name", "description": "Name.", "type": "VARCHAR"}],
    } | extra
    return _document.parse(json.dumps({"tables": [values]}), "registry")[name]


def page_of(
    entries: list[TableEntry], history: list[PublishedBuild], files: list[PublicFile] | None = None
) -> bytes:
    partitions = _catalogue.largest(files or [])
    return _catalogue.page("bdc-v0.50.0", CacheRegistry(tuple(entries)), history, partitions)


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
    result: dict[str, Any] = json.loads(text)
    return result


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_only_ever_a_text(text: str) -> None:
    page = page_of([entry(description=text)], [BUILD])
    assert data_of(page)["tables"][0]["description"] == text
    plain = page_of([entry()], [BUILD])
    assert [tag for tag, _, _ in Parts(page).found] == [tag for tag, _, _ in Parts(plain).found]


def test_same_input_same_bytes() -> None:
    pages = [page_of([entry()], [BUILD, LATER]) for _ in range(2)]
    assert pages[0] == pages[1]
    assert pages[0] != page_of([entry()], [LATER])


def test_the_policy_allows_the_one_style_and_the_one_script() -> None:
    parts = Parts(page_of([entry()], [BUILD]))
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


def test_no_request_goes_to_another_host() -> None:
    page = page_of([entry()], [BUILD])
    for _, attributes, _ in Parts(page).found:
        for name in ("src", "href"):
            address = attributes.get(name) or ""
            assert not re.match(r"(https?:)?//", address), address
    addresses = set(re.findall(rb"https?://[^\s\"'`)]+", page))
    assert addresses == {b"http://www.w3.org/2000/svg"}, "the name of SVG, which nobody asks for"


def test_what_an_older_publisher_left_out_is_unknown() -> None:
    page = page_of([entry(), entry("other")], [BUILD, LATER])
    assets, other = data_of(page)["tables"]
    assert (assets["rows"], assets["checks"], assets["made_from"]) == (None, [], {})
    assert assets["history"] == [[2, 99], [3, 101]]
    assert other["history"] == [None, None]


def test_partitions_and_functions_of_tables() -> None:
    files = [PublicFile("qc/subject_id=/data.pqt", "quality_control", "", 0, 2, "0")]
    files += [
        PublicFile(
            f"qc/subject_id={number}/data.pqt", "quality_control", f"{number}", number, 9, "0"
        )
        for number in range(1000)
    ]
    made = page_of(
        [
            entry(
                "quality_control",
                partitioned=True,
                partition_key="subject_id",
                partition_count=1001,
            ),
            entry("mine"),
        ],
        [BUILD],
        files,
    )
    ours, mine = data_of(made)["tables"]
    assert ours["partitions"] == 1001
    assert ours["largest"] == [[f"{number}", number, 9] for number in range(999, 989, -1)]
    assert (mine["partitions"], mine["largest"]) == (None, [])
    assert (ours["has_function"], mine["has_function"]) == (True, False)

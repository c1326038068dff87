"""The history of builds: what it grows by, what it forgets, and how it is read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from biodata_cache import RegistryError
from biodata_cache._core.registry import document as _document
from biodata_cache._core.registry import history as _history
from biodata_cache._core.registry.history import MOST_BUILDS, PublishedBuild, TableSize
from biodata_cache._session import current_published

if TYPE_CHECKING:
    from published_cache import Published


def build(number: int, rows: int = 1) -> PublishedBuild:
    return PublishedBuild(
        f"b{number}",
        f"2026-01-01T{number // 60:02}:{number % 60:02}:00Z",
        {"a": TableSize(rows, 9)},
    )


FIRST, SECOND, THIRD = build(1), build(2), build(3)
SAME_SECOND = PublishedBuild("another", FIRST.built_at, {"a": TableSize(2, 9)})


@pytest.mark.parametrize(
    ("known", "before", "now", "after"),
    [
        ([], None, FIRST, [FIRST]),
        ([FIRST], FIRST, SECOND, [FIRST, SECOND]),
        ([FIRST, SECOND], SECOND, SECOND, [FIRST, SECOND]),
        # What was published before there was a history, or by a publisher that was killed.
        ([], FIRST, SECOND, [FIRST, SECOND]),
        ([FIRST], SECOND, THIRD, [FIRST, SECOND, THIRD]),
        # Builds of one second.
        ([FIRST], FIRST, SAME_SECOND, [FIRST, SAME_SECOND]),
        ([SAME_SECOND], SAME_SECOND, FIRST, [SAME_SECOND, FIRST]),
        # A rollback, once as it was written down and once without a history.
        ([FIRST, SECOND, THIRD], THIRD, FIRST, [FIRST]),
        ([], THIRD, FIRST, [FIRST]),
    ],
)
def test_history_leads_up_to_the_build_that_is_live(
    known: list[PublishedBuild],
    before: PublishedBuild | None,
    now: PublishedBuild,
    after: list[PublishedBuild],
) -> None:
    assert _history.extended(known, before, now) == tuple(after)


def test_history_has_a_bound() -> None:
    builds: tuple[PublishedBuild, ...] = ()
    for number in range(MOST_BUILDS + 20):
        builds = _history.extended(builds, builds[-1] if builds else None, build(number))
    assert [each.build for each in builds] == [f"b{20 + number}" for number in range(MOST_BUILDS)]


def test_history_is_read_as_it_was_written() -> None:
    builds = (FIRST, PublishedBuild('odd " é', "", {}), build(3, rows=10**12))
    content = _history.document(builds)
    assert _history.parse(content, "history") == builds
    assert _history.document(_history.parse(content, "history")) == content
    lines = content.decode().splitlines()
    assert [line for line in lines if line.startswith('{"build"')] == lines[2:5]


def test_a_history_knows_the_hashes_of_the_documents_beside_it_and_its_own() -> None:
    content = _history.document([FIRST], {"index.html": "0a1b"})
    assert _history.documents_of(content, "history") == {"index.html": "0a1b"}
    for damaged in (content.replace(b"0a1b", b"0a1c"), content.replace(b"sha256", b"sha255")):
        with pytest.raises(RegistryError, match="history is damaged"):
            _history.documents_of(damaged, "history")


def test_entries_of_older_publishers_have_no_sizes() -> None:
    entries = [
        {"name": "old"},
        {"name": "new", "row_count": 0, "bytes": 300, "built_at": "2026-01-02"},
        {"name": "newer", "row_count": 5, "bytes": 400, "built_at": "2026-01-03"},
    ]
    needed = {"location": "x.pqt", "type": "metadata", "columns": []}
    document = json.dumps({"tables": [needed | entry for entry in entries]})
    assert PublishedBuild.of("b", _document.parse(document, "registry")) == PublishedBuild(
        "b", "2026-01-03", {"new": TableSize(0, 300), "newer": TableSize(5, 400)}
    )


def test_history_of_a_published_version(cache: Published) -> None:
    assert current_published().history() == ()
    (cache.folder / "cache_history.json").write_bytes(_history.document([FIRST, SECOND]))
    assert current_published().history() == (FIRST, SECOND)


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "{}",
        "\ufeff",
        json.dumps({"builds": [{"build": "b", "built_at": "", "tables": {"a": 5}}]}),
        json.dumps({"builds": [{"build": "b", "built_at": "", "tables": {"a": ["x", 1]}}]}),
        json.dumps({"builds": [{"build": "b", "built_at": "", "tables": []}]}),
        json.dumps({"builds": ["b"]}),
        '{"builds": [{"build": "b", "built_at": "", "tables": {"a": [1e999, 1]}}]}',
    ],
)
def test_what_is_no_history_is_named(cache: Published, content: str) -> None:
    path = cache.folder / "cache_history.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(RegistryError, match=r"cache_history\.json is not a history.*remove it"):
        current_published().history()

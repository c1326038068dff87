"""`builds`, `changes` and `partitions` on the command line."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from published_cache import SUBJECTS

from biodata_cache._cli import cli

if TYPE_CHECKING:
    from published_cache import Published


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


@pytest.fixture
def two(cache: Published) -> tuple[str, str]:
    """Two builds of `assets`, the second of which is live."""

    def build(query: str, time: str) -> str:
        cache.plain("assets", query)
        cache.entries[-1]["primary_key"] = ["name"]
        return cache.build(time)

    first = build("select unnest(['a', 'b', 'c']) as name, 1 as age", "20260101T000000Z")
    second = build(
        "select unnest(['a', 'b', 'd']) as name, unnest([1, 2, 1]) as age", "20260102T000000Z"
    )
    return first, second


def test_builds_are_listed(two: tuple[str, str]) -> None:
    shown = run("builds")
    assert shown.exit_code == 0
    lines = [line.split() for line in shown.stdout.splitlines()[-2:]]
    assert [(line[0], line[-1]) for line in lines] == [(two[0], "ago"), (two[1], "live")]
    assert json.loads(run("builds", "--json").stdout) == [
        {"build": two[0], "is_live": False},
        {"build": two[1], "is_live": True},
    ]


@pytest.mark.parametrize("since", [0, "2026-01-01"])
def test_changes_since_a_build_or_a_day(two: tuple[str, str], since: int | str) -> None:
    shown = run("changes", "assets", "--since", two[since] if isinstance(since, int) else since)
    assert shown.exit_code == 0
    assert list(csv.reader(io.StringIO(shown.stdout))) == [
        ["change", "changed_columns", "name", "age"],
        ["changed", '["age"]', "b", "2"],
        ["removed", "", "c", "1"],
        ["added", "", "d", "1"],
    ]


def test_changes_in_other_forms(two: tuple[str, str]) -> None:
    shown = run("changes", "assets", "--since", two[0], "--json", "--limit", "1")
    assert json.loads(shown.stdout) == [
        {"change": "changed", "changed_columns": ["age"], "name": "b", "age": 2}
    ]
    assert json.loads(run("changes", "assets", "--since", two[1], "--json").stdout) == []


@pytest.mark.parametrize(
    ("since", "message"),
    [
        ("2025-01-01", "No build of bdc-v0.50.0 is kept"),
        ("20250101T000000Z-00000000", "There is no build '20250101T000000Z-00000000'"),
        ("last week", "since must be the name of a build, or a time"),
    ],
)
def test_what_cannot_be_compared(two: tuple[str, str], since: str, message: str) -> None:
    refused = run("changes", "assets", "--since", since)
    assert refused.exit_code != 0
    assert message in refused.stderr
    assert refused.stdout == ""


def test_partitions_are_listed(qc_cache: Published) -> None:
    qc_cache.build()
    shown = run("partitions", "quality_control")
    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[0].split() == ["subject_id", "rows", "size"]
    listed = json.loads(run("partitions", "quality_control", "--json").stdout)
    assert [each["subject_id"] for each in listed] == sorted(SUBJECTS)
    assert {each["rows"] for each in listed} == {2}
    shown = run("tables", "quality_control")
    assert f"{len(SUBJECTS)} by subject_id; the largest: " in shown.stdout


def test_partitions_of_a_table_that_has_none(two: tuple[str, str]) -> None:
    refused = run("partitions", "assets")
    assert refused.exit_code != 0
    assert "assets is one file" in refused.stderr

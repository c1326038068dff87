"""Readers see one build, whatever is published meanwhile."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from built import Build
from readers import QUERY, reading

import biodata_cache
from biodata_cache import Cache
from biodata_cache._publish.publish import publish

if TYPE_CHECKING:
    from pathlib import Path

    from server import Server

READERS, PUBLISHES = 10, 20
SUBJECTS = [f"{number:03}" for number in range(6)]


@pytest.fixture(params=["folder", "S3"])
def build(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """A work folder whose root is a folder, or a bucket of the S3 server."""
    root = str(tmp_path / "root")
    if request.param == "S3":
        server: Server = request.getfixturevalue("aws")
        root = f"s3://{request.getfixturevalue('bucket')}/prefix"
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("BIODATA_CACHE_ROOT", root)
    monkeypatch.setenv("BIODATA_CACHE_LOCAL_CACHE", str(tmp_path / "local"))
    return Build(tmp_path / "work", root)


def made(build: Build, number: int) -> Build:
    """The build of one publish; each subject has its number."""
    return build.make(
        dict.fromkeys(SUBJECTS, f"{number}"),
        assets=f"{number}",
        built_at=f"2026-01-01T00:{number:02}:00Z",
        tables={"qc_status": f"select unnest(['a', 'b']) as name, '{number}' as number"},
    )


@pytest.mark.slow
@pytest.mark.parametrize("grace", ["24", "0"])
def test_readers_during_publishes_never_see_two_builds(
    build: Build, grace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where nothing is kept for those who have begun, who begin again on the new build."""
    if grace == "0":
        monkeypatch.setenv("BIODATA_CACHE_KEEP_DAYS", "0")
        monkeypatch.setenv("BIODATA_CACHE_GRACE_HOURS", "0")
    publish(made(build, 0).settings)
    with reading(READERS, tmp_path / "seen", connecting=grace == "24") as counts:
        for number in range(1, PUBLISHES + 1):
            publish(made(build, number).settings)
    assert len(counts) == READERS
    assert [error for each in counts for error in each["errors"]] == []
    assert sum(each["mixed"] for each in counts) == 0
    assert sum(each["queries"] for each in counts) > PUBLISHES
    assert len({number for each in counts for number in each["builds"]}) > 2


@pytest.mark.slow
def test_a_build_that_was_opened_before_can_be_read_after_many_publishes(build: Build) -> None:
    publish(made(build, 0).settings)
    first = biodata_cache.get_cache_registry().build
    assert first is not None
    opened, named = biodata_cache.connect(), Cache(build=first)
    relation = named.scan("quality_control").duckdb()
    for number in range(1, PUBLISHES + 1):
        publish(made(build, number).settings)
    assert set(biodata_cache.sql(QUERY)["number"]) == {f"{PUBLISHES}"}
    assert {number for (number,) in opened.sql(QUERY).fetchall()} == {"0"}
    assert set(named.sql(QUERY)["number"]) == {"0"}
    assert {row[1] for row in relation.fetchall()} == {"0"}
    assert len(biodata_cache.builds()) == PUBLISHES + 1
    found = biodata_cache.changes("assets", since=first)
    assert found["change"].tolist() == ["changed", "changed"]
    assert {*map(tuple, found["changed_columns"])} == {("project_name",)}
    opened.close()
    assert os.environ["BIODATA_CACHE_ROOT"] == build.root

"""Readers see one build, whatever is published meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from built import Build

import biodata_cache
from biodata_cache import Cache
from biodata_cache._publish.publish import publish

if TYPE_CHECKING:
    from pathlib import Path

    from server import Server

READERS, PUBLISHES = 10, 20
SUBJECTS = [f"{number:03}" for number in range(20)]
# Every row of every table says which publish it is of.
QUERY = """
    select project_name as number from assets
    union all select value from quality_control
    union all select number from qc_status
"""
READ = f"""
import json, pathlib, sys, biodata_cache
stop, counts = pathlib.Path(sys.argv[1]), dict(queries=0, mixed=0, errors=[], builds=[])
while not stop.exists() or not counts["queries"]:
    try:
        found = [set(biodata_cache.sql({QUERY!r})["number"])]
        if {{connecting}}:
            with biodata_cache.connect() as duck:
                tables = "assets", "quality_control", "qc_status"
                columns = "project_name", "value", "number"
                each = [duck.sql(f"select distinct {{{{c}}}} from {{{{t}}}}").fetchall()
                        for t, c in zip(tables, columns)]
                found.append({{{{number for rows in each for (number,) in rows}}}})
        counts["queries"] += len(found)
        counts["mixed"] += sum(len(each) != 1 for each in found)
        counts["builds"] = sorted({{{{*counts["builds"], *found[0]}}}})
    except Exception as error:
        counts["errors"].append(repr(error))
print(json.dumps(counts))
"""


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
    code, stop = READ.format(connecting=grace == "24"), tmp_path / "stop"
    readers = [
        subprocess.Popen([sys.executable, "-c", code, str(stop)], stdout=subprocess.PIPE)
        for _ in range(READERS)
    ]
    try:
        for number in range(1, PUBLISHES + 1):
            publish(made(build, number).settings)
    finally:
        stop.touch()
        counts = [json.loads(reader.communicate()[0]) for reader in readers]
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

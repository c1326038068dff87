"""The command `status`, after publishing to a local root."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from built import Build
from click.testing import CliRunner, Result

from biodata_cache._cli import cli
from biodata_cache._publish.publish import publish
from extract.pipeline import extract
from extract.sources.base import SourceOptions
from extract.sources.open import open_source

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Published twice: the second time, a subject less."""
    build = Build(tmp_path / "work", str(tmp_path / "root"))
    publish(build.make({"1": "a", "2": "a"}).settings)
    publish(build.make({"1": "a"}, built_at="2026-01-02T00:00:00Z").settings)
    return build


def run(build: Build, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--root", build.root, "--work", str(build.work)])


def status(build: Build, exit_code: int = 0) -> dict[str, Any]:
    done = run(build, "status", "--json")
    assert done.exit_code == exit_code, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_rows_are_compared_with_the_build_before(build: Build) -> None:
    found = status(build)
    rows = {
        table["name"]: (table["rows"], table["rows_before"], table["change"])
        for table in found["tables"]
    }
    assert rows == {"assets": (2, 2, 0), "quality_control": (1, 2, -1)}
    assert found["build"].startswith("20260102T000000Z-")
    assert found["build_before"].startswith("20260101T000000Z-")
    assert found["is_released"]
    assert not found["is_unfinished"]
    shown = run(build, "status").stdout
    assert re.search(r"quality_control +1 +-1 ", shown)


def test_a_rollback_has_nothing_before_it(build: Build) -> None:
    assert CliRunner().invoke(cli, ["rollback", "--root", build.root]).exit_code == 0
    found = status(build)
    assert found["build"].startswith("20260101T000000Z-")
    assert found["build_before"] is None
    assert {table["change"] for table in found["tables"]} == {None}


def test_a_build_has_one_name(build: Build) -> None:
    first, second = status(build)["build_before"], status(build)["build"]
    published = json.loads(run(build, "publish", "--dry-run", "--json").stdout)
    assert published["publish"]["build"] == second
    back = CliRunner().invoke(cli, ["rollback", "--root", build.root, "--json"])
    assert json.loads(back.stdout)["publish"]["build"] == first == status(build)["build"]


def test_a_history_that_was_not_written_yet_is_no_build_behind(build: Build) -> None:
    (history,) = (build.area.parents[3] / "root").rglob("cache_history.json")
    before, second = history.read_bytes(), status(build)["build"]
    publish(build.make({"1": "c"}, built_at="2026-01-03T00:00:00Z").settings)
    history.write_bytes(before)
    assert status(build)["build_before"] == second


def test_a_rollback_of_nothing_leaves_nothing(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["rollback", "--root", str(tmp_path / "typo")])
    assert done.exit_code == 1
    assert "There is no bdc-v" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_last_run_is_counted(build: Build) -> None:
    assert status(build)["last_run"]["passed"] == {"models": 2}
    path = build.work / "target/run_results.json"
    results = json.loads(path.read_text())
    results["results"].append(
        {"unique_id": "test.p.unique_name.1", "status": "fail", "failures": 3}
    )
    path.write_text(json.dumps(results))
    assert status(build)["last_run"]["failed"] == ["test unique_name: 3 rows"]
    shown = run(build, "status")
    assert shown.exit_code == 0
    assert "1 FAILED" in shown.stdout
    assert "test unique_name: 3 rows" in shown.stdout


def test_a_publish_that_did_not_end_is_reported(build: Build) -> None:
    (build_folder,) = (build.area.parents[3] / "root/data-asset-cache/.builds").iterdir()
    (build_folder / "pending.json").write_text('{"paths": [], "rollback": null}')
    assert status(build, exit_code=1)["is_unfinished"]
    shown = run(build, "status")
    assert shown.exit_code == 1
    assert re.search(
        r"public files are of more than one build.*clears\s+up", shown.stdout, re.DOTALL
    )
    publish(build.make({"1": "b"}, built_at="2026-01-03T00:00:00Z").settings)
    assert not status(build)["is_unfinished"]


def test_stages_report_as_json(build: Build) -> None:
    build.make({"1": "b", "3": "a"}, built_at="2026-01-03T00:00:00Z")
    planned = json.loads(run(build, "publish", "--dry-run", "--json").stdout)
    assert planned["dry_run"]
    planned = planned["publish"]
    assert planned["added"] == ["qc/subject_id=3/data.pqt"]
    done = json.loads(run(build, "publish", "--json").stdout)
    assert not done["dry_run"]
    done = done["publish"]
    assert (done["added"], done["place"]) == (planned["added"], planned["place"])
    assert {table["name"]: table["row_count"] for table in done["tables"]} == {
        "assets": 2,
        "quality_control": 2,
    }
    back = CliRunner().invoke(cli, ["rollback", "--root", build.root, "--json"])
    assert json.loads(back.stdout)["publish"]["removed"] == ["qc/subject_id=3/data.pqt"]


def test_extract_reports_as_json(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"_id": "1"}\nbroken\n')
    done = CliRunner().invoke(
        cli,
        ["extract", "--source", str(tmp_path / "a.jsonl"), "--work", str(tmp_path), "--json"],
    )
    report = json.loads(done.stdout)["extract"]
    assert (report["records"]["new"], report["records"]["rejected"]) == (1, 1)
    assert report["records_v1"] is None


def test_the_newest_extract_is_the_last_whole_reading_before_the_build(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of nights that change nothing, or that a damaged source ends with a warning."""
    raw, source = tmp_path / "lake", tmp_path / "records.jsonl"
    monkeypatch.setenv("BIODATA_CACHE_RAW", str(raw))
    whole = '{"_id": "a", "name": "a"}\n{"_id": "b", "name": "b"}\n'

    def read(text: str = whole) -> str:
        source.write_text(text)
        extract(open_source(str(source), SourceOptions()), raw)
        last = max((raw / "runs" / "docdb_v2").glob("*.json"))
        return str(json.loads(last.read_text())["started_at"])

    def published() -> str:
        now = datetime.now(timezone.utc)
        build.make({"1": "a"}, built_at=f"{now:%Y-%m-%dT%H:%M:%S.%fZ}")
        assert run(build, "publish").exit_code == 0
        return str(status(build)["newest_extract"])

    first = read()
    assert published() == first
    quiet = read()
    assert quiet > first
    assert published() == quiet
    read(whole + "broken\n")  # nobody can tell whose this was
    assert published() == quiet
    build.make({"1": "a"}, built_at="2026-01-03T00:00:00Z")  # before any of these
    assert run(build, "publish").exit_code == 0
    assert status(build)["newest_extract"] is None

"""The report that each command that writes leaves, and the notifications when a run has ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import click
import duckdb
import pytest
from built import Build
from click.testing import CliRunner, Result

from biodata_cache import sync
from biodata_cache._cli import cli
from biodata_cache._cli.output import Commands
from biodata_cache._cli.running import running
from biodata_cache._core.errors import ArgumentError
from biodata_cache._core.settings import values as _settings
from biodata_cache._pipeline.past_runs import reports
from biodata_cache._pipeline.run_ended import notify
from biodata_cache._pipeline.run_report import KEPT, Run


@pytest.fixture
def build(tmp_path: Path) -> Build:
    return Build(tmp_path / "work", str(tmp_path / "root")).make({"1": "a", "2": "b"})


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def publish(build: Build) -> Result:
    return run("publish", "--root", build.root, "--work", str(build.work))


def last(build: Build) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        run("runs", "--last", "--json", "--work", str(build.work)).stdout
    )
    return found


def fail(build: Build, *, rows: int = 3) -> str:
    """Let a test of the last run have failed; the file of its SQL."""
    sql = build.work / "target/compiled/short_names.sql"
    sql.parent.mkdir()
    sql.write_text(query := "select name, length(name) as letters from assets cross join range(9)")
    manifest = json.loads((build.work / "target/manifest.json").read_text())
    manifest["nodes"]["test.p.short_names.1"] = {
        "name": "short_names",
        "resource_type": "test",
        "attached_node": "model.p.assets",
        "compiled_path": str(sql),
        "config": {"severity": "error"},
        "depends_on": {"nodes": ["model.p.assets"]},
    }
    results = json.loads((build.work / "target/run_results.json").read_text())
    results["results"].append(
        {
            "unique_id": "test.p.short_names.1",
            "status": "fail",
            "failures": rows,
            "message": f"Got {rows} results, configured to fail if != 0",
            "compiled_code": query + ";\n",
        }
    )
    results["results"].append(
        {"unique_id": "model.p.quality_control", "status": "error", "message": "Out of memory"}
    )
    for name, content in (("manifest", manifest), ("run_results", results)):
        (build.work / f"target/{name}.json").write_text(json.dumps(content))
    return str(sql)


def test_a_publish_reports_what_it_did(build: Build) -> None:
    assert publish(build).exit_code == 0
    report = last(build)
    assert (report["command"], report["status"], report["error"]) == ("publish", "completed", None)
    assert [stage["stage"] for stage in report["stages"]] == ["publish"]
    assert report["publish"]["build"].startswith("20260101T000000Z-")
    assert {table["name"] for table in report["publish"]["tables"]} == {"assets", "quality_control"}
    assert run("rollback", "--root", build.root, "--work", str(build.work)).exit_code == 1
    assert (last(build)["command"], last(build)["status"]) == ("rollback", "failed")


def test_what_failed_in_a_build_is_in_the_report(build: Build) -> None:
    sql = fail(build)
    done = publish(build)
    assert done.exit_code == 1
    assert "publish: failed after" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: The last build failed")
    report = last(build)
    assert (report["status"], report["error"]["stage"]) == ("failed", "publish")
    test, model = report["failed"]
    assert (test["kind"], test["name"], test["model"], test["rows"], test["sql"]) == (
        "test",
        "short_names",
        "assets",
        3,
        sql,
    )
    assert test["columns"] == ["name", "letters"]
    assert len(test["first_rows"]) == 5
    assert set(map(tuple, test["first_rows"])) <= {("a", "1"), ("b", "1")}
    assert (model["kind"], model["model"], model["rows"]) == ("model", "quality_control", None)
    assert model["message"] == "Out of memory"


@pytest.mark.parametrize("damage", ["no database", "in use", "another table"])
def test_a_report_does_without_rows_that_cannot_be_read(build: Build, damage: str) -> None:
    fail(build)
    database = build.work / "build.duckdb"
    if damage == "no database":
        database.unlink()
    elif damage == "another table":
        with duckdb.connect(str(database)) as duck:
            duck.execute("drop table assets")
    code = f"import duckdb; c = duckdb.connect({str(database)!r}); print(1, flush=True); input()"
    other = [sys.executable, "-c", code if damage == "in use" else "print(1, flush=True); input()"]
    with subprocess.Popen(other, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        publish(build)
        process.communicate(b"\n")
    assert [node["first_rows"] for node in last(build)["failed"]] == [[], []]


def test_a_dry_run_leaves_no_report(build: Build, tmp_path: Path) -> None:
    done = run("publish", "--dry-run", "--json", "--root", build.root, "--work", str(build.work))
    assert json.loads(done.stdout)["dry_run"]
    source = tmp_path / "records"
    source.mkdir()
    (source / "a.jsonl").write_text('{"_id": "1"}\n')
    before = sorted(tmp_path.rglob("*"))
    new = ("--work", str(tmp_path / "new"), "--root", build.root)
    done = run("sync", "--dry-run", "--json", "--source", str(source), *new)
    report = json.loads(done.stdout)
    assert done.exit_code == 0
    assert report["extract"]["records"]["new"] == 1
    assert "assets" in report["plan"]["tables"]
    assert report["plan"]["build"] is None
    assert sorted(tmp_path.rglob("*")) == before
    assert publish(build).exit_code == 0
    report = json.loads(run("sync", "--dry-run", "--json", "--source", str(source), *new).stdout)
    assert report["plan"]["build"] == last(build)["publish"]["build"]


def test_reports_are_trimmed_and_listed(build: Build) -> None:
    folder = build.work / "runs"
    folder.mkdir()
    assert run("runs", "--work", str(build.work)).stdout.strip().startswith("run")
    assert run("runs", "--last", "--work", str(build.work)).exit_code == 1
    for number in range(KEPT + 7):
        (folder / f"2025{number:04}-build.json").write_text("{}" if number % 2 else "[" * 99_999)
    publish(build)
    assert len(list(folder.glob("*.json"))) == KEPT
    assert [report["command"] for report in reports(build.work)] == ["publish"]
    shown = run("runs", "--work", str(build.work)).stdout
    assert "publish" in shown
    assert "completed" in shown


@pytest.mark.skipif(os.name != "posix", reason="processes are not looked for elsewhere")
def test_a_run_that_was_killed_is_reported(build: Build) -> None:
    begun = Run("build", _settings.load(work=str(build.work)))
    begun.begin()
    assert [report["status"] for report in reports(build.work)] == ["running"]
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    report = json.loads(begun.path.read_text()) | {"process": process.pid}
    begun.path.write_text(json.dumps(report))
    assert [report["status"] for report in reports(build.work)] == ["killed"]


def test_a_work_folder_that_cannot_hold_reports_fails_nothing(build: Build) -> None:
    (build.work / "runs").write_text("")
    done = publish(build)
    assert done.exit_code == 0
    assert "cannot be written" in done.stderr


def test_the_command_of_the_operator_gets_the_report(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    code = (
        "import json, os; report = json.load(open(os.environ['BIODATA_CACHE_RUN_REPORT']));"
        f"print(report['status'], os.environ['BIODATA_CACHE_RUN_STATUS'],"
        f"'BIODATA_CACHE_ON_FINISH' in os.environ, file=open({str(seen)!r}, 'a'))"
    )
    script = tmp_path / "hook.py"
    script.write_text(code)
    monkeypatch.setenv("BIODATA_CACHE_ON_FINISH", f'"{sys.executable}" "{script}"')
    assert publish(build).exit_code == 0
    fail(build)
    assert publish(build).exit_code == 1
    assert run("publish", "--root", build.root, "--work", str(tmp_path / "none")).exit_code == 1
    assert seen.read_text().splitlines() == [
        "completed completed False",
        "failed failed False",
        "failed failed False",
    ]


def test_a_failure_of_the_operators_command_is_reported_and_changes_nothing(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIODATA_CACHE_ON_FINISH", "exit 7")
    done = publish(build)
    assert done.exit_code == 0
    assert "BIODATA_CACHE_ON_FINISH ended with exit code 7" in done.stderr


def test_an_operators_command_that_hangs_is_ended_with_all_that_it_started(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIODATA_CACHE_ON_FINISH", f"sleep 60 & echo $! > '{tmp_path}/it'; wait")
    ended = Run("publish", build.settings)
    ended.end(None)
    (problem,) = notify(ended, patience=3.0)
    assert problem.endswith("took more than 3 s, and was ended")
    number = (tmp_path / "it").read_text().strip()
    deadline = time.monotonic() + 20  # a process that was killed takes a moment to go
    while _is_running(number):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _is_running(number: str) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().split()[2] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_metrics_tell_of_the_last_run_and_the_last_good_one(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "metrics/cache.prom"
    monkeypatch.setenv("BIODATA_CACHE_METRICS", str(path))
    assert publish(build).exit_code == 0
    good = path.read_text().splitlines()
    assert 'biodata_cache_run_success{command="publish"} 1' in good
    assert 'biodata_cache_table_rows{command="publish",table="assets"} 2' in good
    fail(build)
    publish(build)
    bad = path.read_text().splitlines()
    assert 'biodata_cache_run_success{command="publish"} 0' in bad
    assert 'biodata_cache_run_failed_nodes{command="publish"} 2' in bad
    kept = [line for line in good if line.startswith("biodata_cache_last_success")]
    assert kept
    assert set(kept) <= set(bad)
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    names = [line.split()[2] for line in bad if line.startswith("# TYPE")]
    assert len(names) == len(set(names))
    monkeypatch.setenv("BIODATA_CACHE_METRICS", str(tmp_path / "metrics"))
    done = publish(build)
    assert done.exit_code == 1
    assert "the metrics" in done.stderr


def faulty(build: Build) -> click.Group:
    """A command line with a fault in it."""
    group = Commands("group", params=[click.Option(["--debug"], is_flag=True)])

    @group.command()
    def reading() -> None:
        raise KeyError("reading")

    @group.command()
    @click.option("--json", "as_json", is_flag=True)
    def writing(*, as_json: bool) -> None:
        settings = _settings.load(work=str(build.work))
        with running("build", settings, lambda run: None, as_json=as_json) as run:
            run("build", 1, 2, "")
            raise KeyError("writing")

    return group


def test_a_fault_of_ours_is_one_line(build: Build) -> None:
    done = CliRunner().invoke(faulty(build), ["reading"])
    (line,) = done.stderr.splitlines()
    assert done.exit_code == 1
    assert "this is a fault of biodata-cache (KeyError: 'reading')" in line
    file = Path(line.partition("with the file ")[2].partition(",")[0])
    assert "raise KeyError" in file.read_text()
    file.unlink()
    done = CliRunner().invoke(faulty(build), ["writing", "--json"])
    assert "Traceback" not in done.stderr
    report = json.loads(done.stdout)
    assert (report["status"], report["error"]["kind"]) == ("failed", "KeyError")
    assert "raise KeyError" in report["traceback"]
    assert str(build.work / "runs" / f"{report['run']}.json") in done.stderr.splitlines()[-1]
    assert isinstance(CliRunner().invoke(faulty(build), ["--debug", "reading"]).exception, KeyError)


def test_a_run_has_one_end(build: Build) -> None:
    run = Run("build", _settings.load(work=str(build.work)))
    threads = [
        threading.Thread(target=run.end, args=(error,)) for error in (KeyboardInterrupt(), None) * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (report,) = reports(build.work)
    assert report["status"] == run.status


def test_python_leaves_a_report_too(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIODATA_CACHE_WORK", str(build.work))
    monkeypatch.setenv("BIODATA_CACHE_ROOT", build.root)
    monkeypatch.setenv("BIODATA_CACHE_SOURCE", str(build.work / "no such file"))
    monkeypatch.setenv("BIODATA_CACHE_ON_FINISH", "exit 3")
    with pytest.raises(ArgumentError):
        sync.update_all_tables(fast=False, slow=False)
    assert reports(build.work) == []
    with pytest.warns(UserWarning, match="exit code 3"), pytest.raises(OSError, match="no such"):
        sync.update_all_tables()
    assert last(build)["command"] == "update_all_tables"


def test_ages(build: Build, tmp_path: Path) -> None:
    publish(build)
    place = ("--root", build.root, "--work", str(build.work))
    assert run("status", *place).exit_code == 0
    assert run("status", "--max-age", "1", *place).exit_code == 2
    done = run("status", "--max-age", "9000w", "--json", *place)
    assert (done.exit_code, json.loads(done.stdout)["too_old"]) == (0, [])
    source = tmp_path / "a.jsonl"
    source.write_text('{"_id": "1"}\n')
    assert run("extract", "--source", str(source), *place).exit_code == 0
    done = run("status", "--max-age", "0s", "--json", *place)
    assert done.exit_code == 1
    old = json.loads(done.stdout)["too_old"]
    assert [line.partition(" was ")[0] for line in old] == [
        "the last complete check",
        "the newest extract",
    ]
    assert done.stderr.splitlines()[-1].startswith("error: the last complete check was ")

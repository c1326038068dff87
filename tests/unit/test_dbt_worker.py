"""What dbt says in its process, as JSON lines and in a text log, and how it ends."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import dbt_processes
import pytest

from biodata_cache._pipeline.dbt import worker

if TYPE_CHECKING:
    import subprocess

PARSED = "target/partial_parse.msgpack"


RUN = ("run", "--profiles-dir", ".", "--vars", "{word: swordfish}")


def new_project(folder: Path) -> Path:
    (folder / "models").mkdir()
    (folder / "models/one.sql").write_text("select {{ log('told', info=true) or 1 }} as number")
    (folder / "dbt_project.yml").write_text("{name: small, profile: small}")
    (folder / "profiles.yml").write_text(
        "small: {target: build, outputs: {build: {type: duckdb, path: build.duckdb}}}"
    )
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return new_project(tmp_path)


@pytest.fixture(scope="module")
def finished(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A project after a run of dbt, and the output of the run."""
    folder = new_project(tmp_path_factory.mktemp("finished"))
    return folder, run(folder, *RUN)


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the script, its standard input held open as by a command."""
    return dbt_processes.run(
        project,
        *("lock", "logs/dbt.log", PARSED, *arguments),
        environment=os.environ | {"DBT_ENV_SECRET_WORD": "swordfish"},
        code=f"import runpy; runpy.run_path({worker.__file__!r}, run_name='__main__')",
    )


def test_events_are_written_once_and_without_secrets(
    finished: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    project, done = finished
    assert done.returncode == 0, done.stdout + done.stderr
    events = [json.loads(line)["info"] for line in done.stdout.splitlines()]
    assert "debug" not in {event["level"] for event in events}
    names = [event["name"] for event in events]
    assert names.count("LogModelResult") == 1
    log = (project / "logs/dbt.log").read_text()
    assert "[debug]" in log
    assert log.count("OK created sql view model main.one") == 1
    assert "*****" in log
    assert "swordfish" not in log + done.stdout


def test_a_long_log_is_kept_under_another_name(project: Path) -> None:
    log = project / "logs/dbt.log"
    log.parent.mkdir()
    long = 10 * 1024**2 + 1
    log.touch()
    os.truncate(log, long)
    done = run(project, "run", "--profiles-dir", ".", "--nothing")
    assert done.returncode == 2
    assert log.with_name("dbt.log.1").stat().st_size == long
    assert log.stat().st_size < long


def test_what_was_parsed_is_built_as_it_was(
    finished: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    project = Path(shutil.copytree(finished[0], tmp_path / "project"))
    (project / "target/run_results.json").unlink()
    (project / "models/one.sql").write_text("of another project")
    done = run(project, *RUN)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "OK created sql view model main.one" in done.stdout
    manifest, results = (
        json.loads((project / "target" / name).read_text())["metadata"]
        for name in ("manifest.json", "run_results.json")
    )
    assert manifest["invocation_id"] == results["invocation_id"]
    assert manifest["generated_at"] >= results["invocation_started_at"]


def test_a_model_that_fails(project: Path) -> None:
    (project / "models/one.sql").write_text("select nothing")
    done = run(project, "run", "--profiles-dir", ".")
    assert done.returncode == 1
    assert "Binder Error" in done.stdout


@pytest.mark.parametrize(
    ("change", "arguments", "problem"),
    [
        (lambda project: (project / "dbt_project.yml").unlink(), [], "No dbt_project.yml found"),
        (
            lambda project: (project / "models/one.sql").write_text("{{ ref('two') }}"),
            [],
            "depends on a node named 'two' which was not found",
        ),
        (lambda _: None, ["--nothing"], "Error: No such option '--nothing'"),
    ],
)
def test_a_run_that_cannot_begin(
    project: Path, change: object, arguments: list[str], problem: str
) -> None:
    assert callable(change)
    change(project)
    done = run(project, "run", "--profiles-dir", ".", *arguments)
    assert done.returncode == 2
    assert problem in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr

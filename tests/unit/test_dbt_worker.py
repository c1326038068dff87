"""What dbt says in its process, as JSON lines and in a text log, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from biodata_cache._pipeline.dbt import worker

WORKER = Path(worker.__file__)
PARSED = "target/partial_parse.msgpack"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    (tmp_path / "models/one.sql").write_text("select {{ log('told', info=true) or 1 }} as number")
    (tmp_path / "dbt_project.yml").write_text("{name: small, profile: small}")
    (tmp_path / "profiles.yml").write_text(
        "small: {target: build, outputs: {build: {type: duckdb, path: build.duckdb}}}"
    )
    return tmp_path


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    process = subprocess.Popen(
        [sys.executable, str(WORKER), "lock", "logs/dbt.log", PARSED, *arguments],
        cwd=project,
        env=os.environ | {"DBT_ENV_SECRET_WORD": "swordfish"},
        stdin=subprocess.PIPE,  # held open, as by a command
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process, process.stdin or open(os.devnull):  # noqa: PTH123
        assert process.stdout is not None
        assert process.stderr is not None
        out, output = process.stdout.read(), process.stderr.read()
    return subprocess.CompletedProcess(arguments, process.returncode, out, output)


def test_events_are_written_once_and_without_secrets(project: Path) -> None:
    done = run(project, "run", "--profiles-dir", ".", "--vars", "{word: swordfish}")
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


def test_what_was_parsed_is_built_as_it_was(project: Path) -> None:
    assert run(project, "run", "--profiles-dir", ".").returncode == 0
    (project / "target/run_results.json").unlink()
    (project / "models/one.sql").write_text("of another project")
    done = run(project, "run", "--profiles-dir", ".")
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

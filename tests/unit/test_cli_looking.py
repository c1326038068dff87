"""The commands that look at a cache and build nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from click.shell_completion import BashComplete
from click.testing import CliRunner, Result
from published_cache import Published, qc_rows

from biodata_cache._cli import cli
from biodata_cache._core.settings.table import SETTINGS

SHELLS = ["bash", "zsh", "fish"]
COMMAND = [sys.executable, "-m", "biodata_cache"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


@pytest.fixture
def two_tables(cache: Published) -> Published:
    """Quality control in partitions, a plain table of three rows, and the index of versions."""
    metrics = {subject: qc_rows(subject) for subject in ("0451", "451")}
    cache.partitioned("quality_control", "qc", "subject_id", metrics)
    path = cache.plain("subjects", "select unnest(['1', '2', '3']) as subject_id")
    cache.entries[-1] |= {"row_count": 3, "bytes": path.stat().st_size}
    cache.write_registry()
    (cache.home / "cache_versions.json").write_text(json.dumps(["bdc-v0.50.0"]))
    return cache


def test_a_table_is_shown_with_its_columns(two_tables: Published) -> None:
    shown = run("tables", "quality_control")
    assert shown.exit_code == 0
    for part in ("About quality_control.", "2 by subject_id", "About status.", "VARCHAR"):
        assert part in shown.stdout


def test_a_table_as_json_is_its_entry(two_tables: Published) -> None:
    table = json.loads(run("tables", "subjects", "--json").stdout)
    assert table["row_count"] == 3
    assert [column["name"] for column in table["columns"]] == ["subject_id"]


def test_a_table_that_is_not_there_has_a_nearest_one(two_tables: Published) -> None:
    shown = run("tables", "quality_contol")
    assert shown.exit_code == 1
    assert "'quality_control'" in shown.stderr
    assert shown.stdout == ""


def test_control_characters_in_a_text_are_escaped(cache: Published) -> None:
    path = cache.plain("odd", "select 1 as one")
    cache.entries[-1]["description"] = "One \x1b[2J row [bold]per[/bold] thing."
    cache.write_registry()
    shown = run("tables", "odd").stdout
    assert path.exists()
    assert "One \\x1b[2J row [bold]per[/bold] thing." in shown


def test_status_without_builds_and_runs_says_what_is_not_known(two_tables: Published) -> None:
    shown = run("status", "--work", str(two_tables.root / "work"))
    assert shown.exit_code == 0
    assert re.search(r"before +not known: no earlier build is kept", shown.stdout)
    assert re.search(r"last run +not known: There is no .*run_results.json", shown.stdout)
    assert re.search(r"subjects +3 ", shown.stdout)


@pytest.mark.parametrize("content", ["{}", "[]", "3", '{"results": [{}], "metadata": {}}'])
def test_status_of_a_run_that_is_none_of_dbt(two_tables: Published, content: str) -> None:
    target = two_tables.root / "work/target"
    target.mkdir(parents=True)
    (target / "run_results.json").write_text(content)
    shown = run("status", "--work", str(two_tables.root / "work"))
    assert shown.exit_code == 0
    text = r"last run +not known: .*run_results.json is not what dbt writes"
    assert re.search(text, shown.stdout)


def test_doctor_shows_no_password_of_an_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("boto3")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://reader:hush@127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "whisper")
    done = run("doctor", "--root", "s3://bucket")
    assert done.exit_code == 1
    assert "does not answer" in done.stdout
    assert not re.search("hush|whisper", done.output)


def test_status_of_no_root_is_wrong_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIODATA_CACHE_BACKEND", "MEMORY")
    shown = run("status")
    assert shown.exit_code == 2
    assert "BIODATA_CACHE_ROOT" in shown.stderr


def checks(*arguments: str) -> dict[str, tuple[str, str]]:
    """What `doctor` finds, by name; the exit code must fit to it."""
    done = run("doctor", "--json", *arguments)
    result = {check["name"]: (check["state"], check["text"]) for check in json.loads(done.stdout)}
    assert done.exit_code == (1 if "fail" in {state for state, _ in result.values()} else 0)
    return result


def test_doctor_finds_nothing_wrong_with_a_good_cache(two_tables: Published) -> None:
    result = checks()
    assert {state for state, _ in result.values()} == {"ok"}
    assert result["reading"] == ("ok", "subjects, 3 rows")
    assert "source" not in result


def test_doctor_without_a_root_says_what_to_set() -> None:
    state, text = checks()["root"]
    assert state == "fail"
    assert "BIODATA_CACHE_ROOT" in text


@pytest.mark.parametrize(
    ("damage", "name", "state", "part"),
    [
        (lambda cache: (cache.folder / "subjects.pqt").unlink(), "reading", "fail", "missing"),
        (
            lambda cache: (cache.folder / "subjects.pqt").write_bytes(b"PAR1"),
            "reading",
            "fail",
            "cannot be read",
        ),
        (
            lambda cache: (cache.home / "cache_versions.json").write_text("[]"),
            "version",
            "warning",
            "not released",
        ),
        (
            lambda cache: (cache.home / "cache_versions.json").write_text(
                '["bdc-v0.50.0", "bdc-v0.100.0"]'
            ),
            "version",
            "warning",
            "bdc-v0.100.0 is the newest",
        ),
        (
            lambda cache: (cache.folder / "cache_registry.json").write_text("{"),
            "root",
            "fail",
            "is not JSON",
        ),
    ],
)
def test_doctor_finds_what_is_wrong(
    two_tables: Published, damage: object, name: str, state: str, part: str
) -> None:
    damage(two_tables)
    result = checks()[name]
    assert result[0] == state
    assert part in result[1]


def test_doctor_counts_the_rows(two_tables: Published) -> None:
    two_tables.entries[-1]["row_count"] = 4
    two_tables.write_registry()
    state, text = checks()["reading"]
    assert state == "fail"
    assert "3 rows, its registry says 4" in text


def test_doctor_knows_misspelt_settings(
    two_tables: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIODATA_CACHE_KEEP_DAY", "3")
    done = run("doctor")
    assert done.exit_code == 0
    assert re.search(r"warning +settings +BIODATA_CACHE_KEEP_DAY .*'KEEP_DAYS'", done.stdout)


def test_doctor_ends_with_settings_that_cannot_be_used() -> None:
    state, text = checks("--version", "newest")["settings"]
    assert state == "fail"
    assert "'newest'" in text


def test_doctor_queries_the_source_and_hides_its_password(
    two_tables: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "mongodb://reader:hush@localhost:1/?serverSelectionTimeoutMS=200"
    monkeypatch.setenv("BIODATA_CACHE_SOURCE", address)
    done = run("doctor", "--work", str(two_tables.root))
    assert done.exit_code == 1
    assert re.search(r"fail +source +mongodb://localhost:1/\S+ cannot be reached", done.stdout)
    assert "hush" not in done.output


def test_doctor_sees_that_a_file_is_missing(two_tables: Published) -> None:
    result = checks("--source", "no-such-file.jsonl", "--work", str(two_tables.root))
    assert result["source"][0] == "fail"
    assert result["work"][0] == "ok"
    assert result["objects"] == ("ok", "none")


@pytest.mark.parametrize("content", [b"", b"<html>503</html>", b"\x1f\x8b\x08\x00"])
def test_doctor_reads_the_beginning_of_each_file(
    two_tables: Published, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "a.jsonl").write_text('{"_id": "a"}\n')
    assert checks("--source", str(tmp_path))["source"][0] == "ok"
    (tmp_path / "b.jsonl.gz").write_bytes(content)
    state, text = checks("--source", str(tmp_path))["source"]
    assert state == "fail"
    assert text.startswith("b.jsonl.gz of file:")


@pytest.mark.parametrize(
    ("name", "place", "state", "part"),
    [
        ("raw", "lake", "ok", "holds no records yet"),
        ("raw", "gs://bucket", "fail", "neither a folder nor on S3"),
        ("work", "a" * 300, "fail", "may not be written"),
    ],
)
def test_doctor_checks_the_folders_of_building(
    two_tables: Published, tmp_path: Path, name: str, place: str, state: str, part: str
) -> None:
    place = place if "://" in place else str(tmp_path / place)
    result = checks("--raw", str(tmp_path / "lake"), f"--{name}", place)
    assert result["raw lake" if name == "raw" else name][0] == state
    assert part in result["raw lake" if name == "raw" else name][1]
    assert "source" not in result


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_known_to_doctor(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "BACKEND": "LOCAL",
        "VERSION": "0.50.0",
        "MEMORY": "5GB",
        "TEMP_DISK": "5GB",
        "REQUESTER_PAYS": "yes",
        "DUCKDB_WASM": "https://files.example/duckdb-wasm",
    }
    monkeypatch.setenv(f"BIODATA_CACHE_{name}", values.get(name, "5"))
    monkeypatch.setenv("BIODATA_CACHE_ROOT", "nowhere")
    shown = run("doctor").stdout
    assert "is no setting" not in shown
    if name != "SOURCE_FILE":  # which is read, and is not there
        assert name in shown.split("set: ")[1].splitlines()[0]


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_prints_a_script_that_the_shell_accepts(shell: str, tmp_path: Path) -> None:
    done = run("completion", shell)
    assert done.exit_code == 0
    assert f"{shell}_complete" in done.stdout
    if program := shutil.which(shell):
        script = tmp_path / "script"
        script.write_text(done.stdout)
        subprocess.run([program, "-n", str(script)], check=True)


def completions(*words: str) -> list[str]:
    *before, last = words
    result = BashComplete(cli, {}, "biodata-cache", "_BIODATA_CACHE_COMPLETE").get_completions(
        list(before), last
    )
    return [item.value for item in result]


def test_completion_names_tables_and_commands(two_tables: Published) -> None:
    assert completions("tables", "qu") == ["quality_control"]
    assert completions("tables", "--root", str(two_tables.root), "") == [
        "quality_control",
        "subjects",
    ]
    assert "status" in completions("st")


@pytest.mark.parametrize("root", ["nowhere", ""])
def test_completion_is_silent_where_nothing_can_be_read(
    root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIODATA_CACHE_ROOT", root)
    monkeypatch.setenv("BIODATA_CACHE_SOURCE", "sample")  # nothing is built for a name
    assert completions("tables", "") == []


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_a_table(two_tables: Published) -> None:
    script = """
        eval "$(biodata-cache completion bash)"
        COMP_WORDS=(biodata-cache tables sub) COMP_CWORD=2
        _biodata_cache_completion biodata-cache
        echo "${COMPREPLY[@]}"
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("subjects\n", "")


@pytest.mark.parametrize("arguments", [["tables"], ["tables", "--json"]])
def test_a_reader_that_leaves_is_no_error(two_tables: Published, arguments: list[str]) -> None:
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.close()  # as `head` does when it has seen enough
        assert process.stderr.read() == ""
        assert process.wait() == 0


def test_looking_needs_nothing_that_building_needs(two_tables: Published) -> None:
    """Each command in a process that finds only what the extra `cli` brings."""
    script = """
        import json, sys
        for name in ("boto3", "dbt", "filelock", "pyarrow", "pymongo", "pytz"):
            sys.modules[name] = None
        from click.testing import CliRunner
        from biodata_cache._cli import cli
        for arguments in json.load(sys.stdin):
            done = CliRunner().invoke(cli, arguments)
            assert done.exit_code == 0, (arguments, done.output, done.exception)
            assert done.stdout, arguments
    """
    commands = [
        ["tables"],
        ["versions"],
        ["status"],
        ["doctor"],
        ["read", "subjects"],
        ["sql", "select * from subjects"],
        ["completion", "zsh"],
    ]
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        input=json.dumps(commands),
        text=True,
        check=True,
    )

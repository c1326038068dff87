"""A command that is ended from outside ends as by Ctrl-C, and with it all that it started."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from biodata_cache._core.errors import LockedError
from biodata_cache._core.work_lock import WORKER_LOCK, work_locked
from biodata_cache._pipeline.past_runs import reports

SIGNALS = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT]
_START = (  # whoever runs the tests may ignore signals, as `nohup` and a job in the background do
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "signal.signal(signal.SIGHUP, signal.SIG_DFL);"
    "from biodata_cache.__main__ import main; main()"
)


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _START, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(pattern: str, folder: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not list(folder.glob(pattern)):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, f"no {pattern}"
        time.sleep(0.02)


def children_of(process: subprocess.Popen[str]) -> list[int]:
    path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(number) for number in path.read_text().split()]


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_command_that_is_still_being_imported_ends_the_same_way(number: signal.Signals) -> None:
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "signal.signal(signal.SIGHUP, signal.SIG_DFL);"
        "import os, sys, types;"
        # The import of click takes long, and the signal comes meanwhile.
        "from importlib.abc import MetaPathFinder\n"
        "class Slow(MetaPathFinder):\n"
        "    def find_spec(self, name, *_):\n"
        f"        os.kill(os.getpid(), {int(number)}) if name == 'click' else None\n"
        "sys.meta_path.insert(0, Slow())\n"
        "from biodata_cache.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "error: interrupted before anything was begun.\n"


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_signal_after_the_end_of_a_command_changes_nothing(number: signal.Signals) -> None:
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "signal.signal(signal.SIGHUP, signal.SIG_DFL);"
        "import atexit, os, sys;"
        f"atexit.register(lambda: os.kill(os.getpid(), {int(number)}));"
        "sys.argv[1:] = ['--version'];"
        "from biodata_cache.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize(
    "number",
    [SIGNALS[0], *(pytest.param(each, marks=pytest.mark.slow) for each in SIGNALS[1:])],
    ids=lambda number: number.name,
)
def test_a_signal_that_breaks_an_import_is_no_fault(tmp_path: Path, number: signal.Signals) -> None:
    code = (
        f"import os, sys; signal_number = {int(number)}\n"
        "from importlib.abc import MetaPathFinder\n"
        "class Broken(MetaPathFinder):\n"
        "    def find_spec(self, name, *_):\n"
        # DuckDB imports pandas if it can, and swallows whatever that raises.
        "        if name == 'pandas':\n"
        "            try: os.kill(os.getpid(), signal_number)\n"
        "            except KeyboardInterrupt: pass\n"
        # What misses the half of it fails later, before the patience with this process ends.
        "        if name == 'pyarrow.pandas_compat': raise ValueError('half imported')\n"
        "sys.meta_path.insert(0, Broken())\n" + _START
    )
    command = ["extract", "--source", "sample:20", "--work", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-c", code, *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 130, done.stderr
    assert "error: interrupted" in done.stderr
    (report,) = reports(tmp_path)
    assert report["status"] == "interrupted"


@pytest.mark.slow
def test_an_extract_says_that_it_was_interrupted(tmp_path: Path) -> None:
    """By one signal; all three end a command in the tests before, below and of endings."""
    process = start("extract", "--source", "sample:20000", "--work", str(tmp_path))
    wait_for("raw/docdb_v2/.*.tmp", tmp_path, process)
    process.send_signal(signal.SIGTERM)
    _, output = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted" in output
    assert "Traceback" not in output
    (report,) = reports(tmp_path)
    assert (report["status"], report["stages"][-1]["stage"]) == ("interrupted", "extract")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="there is no /proc")
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_dbt_ends_with_the_build_that_started_it(tmp_path: Path, number: signal.Signals) -> None:
    extracted = start("extract", "--source", "sample:20", "--work", str(tmp_path))
    extracted.communicate(timeout=60)
    assert extracted.returncode == 0
    process = start("build", "--work", str(tmp_path))
    wait_for("logs/dbt.log", tmp_path, process)
    (child,) = children_of(process)
    process.send_signal(number)
    _, output = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in output
    assert not Path(f"/proc/{child}").exists()


def test_json_of_an_extract_that_probed_objects(tmp_path: Path) -> None:
    process = start("extract", "--source", "sample:20", "--work", str(tmp_path), "--json")
    out, output = process.communicate(timeout=60)
    assert process.returncode == 0, output
    objects = json.loads(out)["extract"]["objects"]
    assert objects["asked"].keys() == objects["found"].keys() > {"trainer_states"}
    assert sum(objects["found"].values()) > 0


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="there is no /proc")
def test_dbt_ends_with_a_build_that_was_killed(tmp_path: Path) -> None:
    extracted = start("extract", "--source", "sample:20", "--work", str(tmp_path))
    extracted.communicate(timeout=60)
    process = start("build", "--work", str(tmp_path))
    wait_for("build.duckdb", tmp_path, process)
    (child,) = children_of(process)
    process.kill()
    process.communicate(timeout=30)
    deadline = time.monotonic() + 30
    while Path(f"/proc/{child}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    log = (tmp_path / "logs/dbt.log").read_text()
    assert not re.search(r"Finished running \d", log), "it ended when its work did"


def test_a_build_waits_for_the_dbt_of_one_that_was_killed(tmp_path: Path) -> None:
    with (
        FileLock(tmp_path / WORKER_LOCK),
        pytest.raises(LockedError, match="Another build or publish runs"),
        work_locked(tmp_path, patience=0.1),
    ):
        pass
    with work_locked(tmp_path):
        pass

"""What every test needs."""

from __future__ import annotations

import json
import os
import shutil
import signal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dbt_processes
import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from examples import TIMES

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

    Dbt = Callable[..., subprocess.CompletedProcess[str]]

PROJECT = Path(__file__).parent.parent
pytest_plugins = ["skips"]
# A change is judged by the same examples each time; what is drawn for a night is new each night.
# How long one takes is no matter: on a busy machine any of them may be slow.
settings.register_profile(
    "examples",
    derandomize=TIMES == 1,
    print_blob=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("examples")


@pytest.fixture(autouse=True, scope="session")
def _signals_as_in_a_terminal() -> None:
    """Commands that tests start end by SIGHUP, also if whoever started the tests ignores it."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The developer's own `BIODATA_CACHE_*` variables never reach a test."""
    for name in os.environ:
        if name.startswith("BIODATA_CACHE_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def dbt_work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder without a lake, for all processes of a run: dbt parses there once."""
    base = tmp_path_factory.getbasetemp()
    work = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "dbt"
    work.mkdir(exist_ok=True)
    return work


@pytest.fixture(scope="session")
def dbt(dbt_work: Path) -> Dbt:
    """Runs a command of dbt in that work folder."""
    return partial(_run_dbt, dbt_work)


def _run_dbt(work: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    with FileLock(work / ".lock"):
        paths = {"BIODATA_CACHE_WORK": str(work), "DBT_LOG_PATH": str(work)}
        return dbt_processes.run(
            PROJECT, "--quiet", *arguments, "--profiles-dir", ".", environment=os.environ | paths
        )


@pytest.fixture(scope="session")
def manifest(dbt_work: Path, dbt: Dbt) -> dict[str, Any]:
    """Everything that dbt knows about the project, without a lake."""
    path = dbt_work / "manifest.json"
    with FileLock(dbt_work / ".manifest.lock"):
        if not path.exists():
            # Other commands leave a manifest with something of their own in it.
            finished = dbt("parse")
            assert finished.returncode == 0, finished.stdout + finished.stderr
            shutil.copy(dbt_work / "target/manifest.json", path)
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's own Chromium, without a window."""
    result = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    path = os.environ.get("BIODATA_TEST_CHROMIUM") or next(filter(None, result), None)
    if path is None:
        pytest.skip("there is no Chromium: run make servers")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        launched = playwright.chromium.launch(executable_path=path, args=arguments)
        yield launched
        launched.close()

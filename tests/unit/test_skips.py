"""What a run says of skipped tests, and when they fail it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from skips import allowed

TESTS = Path(__file__).parents[1]
SKIPPING = """
import pytest

def test_server():
    pytest.skip("there is no S3 server: run make servers")

def test_root():
    pytest.skip("root may do all")

def test_sound():
    assert True
"""


def run(folder: Path, chosen: str, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(SKIPPING)
    command = [sys.executable, "-m", "pytest", "-p", "skips", "-p", "no:cacheprovider", "-q"]
    return subprocess.run(
        [*command, "-k", chosen, "test_it.py"],
        cwd=folder,
        env={"PYTHONPATH": str(TESTS), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("chosen", "line"),
    [
        ("server", "Not run: 1 that `make servers` brings (there is no S3 server: 1)."),
        ("root", "Not run: 1 that cannot run on this machine (reasons above)."),
        ("sound", "Nothing was skipped."),
    ],
)
def test_the_last_line_says_what_was_not_run(tmp_path: Path, chosen: str, line: str) -> None:
    done = run(tmp_path, chosen)
    assert done.returncode == 0
    assert line in done.stdout.splitlines()


def test_no_skip_passes_where_none_may_be(tmp_path: Path) -> None:
    done = run(tmp_path, "server", BIODATA_TEST_NO_SKIPS="1")
    assert done.returncode == 1
    assert "Must not be skipped: test_it.py::test_server: there is no S3 server" in done.stdout
    assert run(tmp_path, "sound", BIODATA_TEST_NO_SKIPS="1").returncode == 0


def test_each_allowed_skip_is_of_a_test_that_exists() -> None:
    patterns = allowed()
    assert patterns
    for pattern in patterns:
        file, _, name = pattern.partition("::")
        text = (TESTS.parent / file).read_text(encoding="utf-8")
        assert name == "*" or f"def {name.rstrip('*')}(" in text, pattern

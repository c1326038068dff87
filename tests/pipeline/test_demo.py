"""`biodata-cache demo`: the tables of the sample as the wheel carries them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from whole_runs import Pipeline

PROJECT = Path(__file__).resolve().parents[2]
READ = """
import json
import biodata_cache as cache

demo = cache.Cache.demo()
rows = {table.name: [len(demo.scan(table.name).df()), table.row_count] for table in demo.tables()}
print(json.dumps(rows))
"""


class Installed:
    """A copy of the package, as it is installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ignored = shutil.ignore_patterns("__pycache__", "_sample")
        shutil.copytree(PROJECT / "biodata_cache", folder / "biodata_cache", ignore=ignored)

    @property
    def sample(self) -> Path:
        return self.folder / "biodata_cache/_sample"

    def run(
        self, *arguments: str, without: str | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run Python on the copy, if asked for as if a package were not installed."""
        blocked = self.folder / "blocked"
        blocked.mkdir(exist_ok=True)
        if without is not None:
            (blocked / f"{without}.py").write_text(f"raise ImportError('none', name='{without}')\n")
        own = {name: text for name, text in os.environ.items() if not name.startswith("BIODATA_")}
        path = os.pathsep.join([str(blocked), str(self.folder)] if without else [str(self.folder)])
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=own | {"PYTHONPATH": path} | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def demo(self, *arguments: str, **how: str) -> subprocess.CompletedProcess[str]:
        return self.run("-m", "biodata_cache", "demo", *arguments, **how)


@pytest.fixture(scope="module")
def installed(sample: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The package with the sample that its script writes from the build of the shared one."""
    folder = tmp_path_factory.mktemp("installed")
    found = Installed(folder)
    work, root = folder / "work", folder / "root"
    shutil.copytree(sample.settings.work, work)
    write = (
        "import sys; from pathlib import Path; sys.path.insert(0, 'scripts'); import write_sample; "
        f"write_sample.publish(Path({str(work)!r}), Path({str(root)!r})); "
        f"write_sample.copy(Path({str(root)!r}), Path({str(found.sample)!r}))"
    )
    subprocess.run(
        [sys.executable, "-c", write],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        check=True,
    )
    return found


@pytest.mark.parametrize("without", [None, "click", "rich"])
def test_a_checkout_says_what_makes_them(tmp_path: Path, without: str | None) -> None:
    checkout = Installed(tmp_path)
    result = checkout.demo(without=without)
    assert result.returncode == 1
    assert "`make wheel`" in result.stderr
    assert "`make sync`" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("without", [None, "click", "rich"])
def test_the_tables_are_shown_with_the_packages_of_reading(
    installed: Installed, without: str | None
) -> None:
    result = installed.demo("--no-open", without=without)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert "400 made-up records" in result.stdout
    assert "quality_control" in result.stdout
    assert f"BIODATA_CACHE_ROOT={installed.sample}" in result.stdout
    page = result.stdout.partition("The page of the tables: ")[2].splitlines()[0]
    assert Path(page).is_file()


def test_the_page_is_opened_in_the_browser_that_is_named(
    installed: Installed, tmp_path: Path
) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    result = installed.demo(BROWSER=f"{browser} %s")
    assert result.returncode == 0, result.stderr
    opened = (tmp_path / "opened").read_text()
    assert opened.startswith("file:///")
    assert opened.endswith("/index.html")
    assert "no browser" not in result.stdout


def test_without_a_browser_the_page_is_named(installed: Installed, tmp_path: Path) -> None:
    result = installed.demo(PATH=str(tmp_path), DISPLAY="", WAYLAND_DISPLAY="")
    assert result.returncode == 0, result.stderr
    assert "no browser" in result.stdout
    assert "index.html" in result.stdout


def test_they_are_those_of_the_sample(installed: Installed, sample: Pipeline) -> None:
    published = {
        entry["name"]: entry
        for entry in json.loads((sample.published / "cache_registry.json").read_text())["tables"]
    }
    (path,) = installed.sample.glob("*/*/cache_registry.json")
    carried = {entry["name"]: entry for entry in json.loads(path.read_text())["tables"]}
    assert set(carried) == set(published) - {"records"}
    assert {name: entry["sha256"] for name, entry in carried.items()} == {
        name: entry["sha256"] for name, entry in published.items() if name != "records"
    }


def test_they_are_read_like_any_cache(installed: Installed) -> None:
    result = installed.run("-W", "error", "-c", READ)
    assert result.returncode == 0, result.stderr
    for name, (found, listed) in json.loads(result.stdout).items():
        assert found == listed, name


def test_they_name_no_path_of_this_machine(installed: Installed) -> None:
    files = [path for path in installed.sample.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files if path.suffix == ".pqt") < 1_000_000
    for path in files:
        assert str(installed.folder).encode() not in path.read_bytes(), path

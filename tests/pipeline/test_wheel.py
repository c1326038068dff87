"""The wheel alone, without the lock, reads the published sample by every form."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from whole_runs import Pipeline

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
READ = """
import importlib, json, os
import biodata_cache as cache

answers = {}
for name in cache.get_cache_registry().names:
    info = cache.table_info(name)
    scanned = cache.scan(name)
    frame = scanned.df()
    assert list(frame.columns) == [column.name for column in info.columns], name
    assert len(frame) == info.row_count == len(scanned.duckdb().fetchall()), name
    answers[name] = [len(frame), sorted(map(str, frame.iloc[:, 0]))[:3], str(info)[:200]]
answers["types"] = {
    name: [str(kind).split("[")[0].replace("str", "object") for kind in frame.dtypes]
    for name in ("time_to_qc", "assets")
    for frame in [cache.scan(name).df()]
}
answers["functions"] = [
    len(cache.asset_basics(modalities="fib", columns=["name", "age"])),
    len(cache.assets()),
    len(cache.time_to_qc()),
    len(cache.unique_subject_ids()),
    len(cache.qc(cache.unique_subject_ids()[0])),
]
query = "select count(*) as n, max(name) as name from assets join qc_status using (name)"
answers["sql"] = cache.sql(query).to_dict("records")
answers["connect"] = cache.connect().execute(query).fetchall()
answers["versions"] = cache.get_cache_versions()
for form, package in (("arrow", "pyarrow"), ("pl", "polars")):
    if importlib.util.find_spec(package) is None:
        try:
            getattr(cache.scan("assets"), form)()
        except cache.CacheError as error:
            assert package in str(error), error
        else:
            raise AssertionError(form)
    else:
        getattr(cache.scan("assets"), form)()
print(json.dumps(answers, default=str, sort_keys=True))
"""


def python_of(folder: Path) -> str:
    return str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def run(*command: str, **environment: str) -> str:
    inherited = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, env=inherited | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def pip(python: str, *arguments: str) -> str:
    return run(python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments)


def newest_python() -> str:
    """The newest other Python of this machine that works, or this one."""
    for minor in (14, 13, 12):
        found = shutil.which(f"python3.{minor}")
        works = found and subprocess.run([found, "-c", ""], check=False, capture_output=True)
        if found and works and works.returncode == 0:
            return found
    return sys.executable


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip(
        sys.executable,
        *("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(PROJECT)),
    )
    (built,) = folder.glob("*.whl")
    return built


def oldest(wheel: Path) -> list[str]:
    """The lowest allowed version of each package that reading needs."""
    with zipfile.ZipFile(wheel) as file:
        (path,) = (name for name in file.namelist() if name.endswith("/METADATA"))
        lines = file.read(path).decode().splitlines()
    needed = [line for line in lines if line.startswith("Requires-Dist: ") and ";" not in line]
    found = [re.search(r" ([a-z0-9-]+).*>=([0-9.]+)", line) for line in needed]
    return [f"{each[1]}=={each[2]}" for each in found if each is not None]


@pytest.mark.parametrize("which", ["oldest", "newest"])
def test_the_wheel_alone_reads_by_every_form(
    wheel: Path, sample: Pipeline, tmp_path: Path, which: str
) -> None:
    """The oldest packages on this Python, and the newest ones on the newest Python there is."""
    if which == "oldest" and sys.version_info >= (3, 13):
        pytest.skip("pandas 2.2.0 has no wheel for this Python")
    base = newest_python() if which == "newest" else sys.executable
    run(base, "-m", "venv", str(tmp_path / "venv"))
    python = python_of(tmp_path / "venv")
    versions = oldest(wheel) if which == "oldest" else []
    pip(python, "install", "--only-binary", ":all:", str(wheel), *versions)
    place = {"BIODATA_CACHE_ROOT": sample.settings.root, "HOME": str(tmp_path)}
    # The oldest pandas warns of what the next one needs.
    strict = () if which == "oldest" else ("-W", "error")
    there = json.loads(run(python, *strict, "-c", READ, **place))
    assert there == json.loads(run(sys.executable, "-c", READ, PYTHONPATH=str(PROJECT), **place))


def test_reading_installs_on_the_next_python(wheel: Path, tmp_path: Path) -> None:
    report = pip(
        sys.executable,
        *("install", "--dry-run", "--target", str(tmp_path), "--only-binary", ":all:"),
        *("--python-version", "3.14", "--report", "-", str(wheel)),
    )
    names = {each["metadata"]["name"].lower() for each in json.loads(report)["install"]}
    assert {"biodata-cache", "duckdb", "pandas", "pytz"} <= names

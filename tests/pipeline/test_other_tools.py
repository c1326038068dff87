"""What lies beside the registry for other tools, on the published sample.

A database that DuckDB attaches, in the version of the web site and in the current one, and the
descriptions that the tools of Data Package and Croissant read.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import consumers
import duckdb
import pytest
from web import served

from biodata_cache._core.registry import document as _document

if TYPE_CHECKING:
    from whole_runs import Pipeline

    from biodata_cache import CacheRegistry

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent


@pytest.fixture
def registry(sample: Pipeline) -> CacheRegistry:
    return _document.parse((sample.published / "cache_registry.json").read_bytes(), "registry")


@pytest.fixture(params=["current", "older"])
def environment(request: pytest.FixtureRequest) -> dict[str, str]:
    """Environment of a process that has this version of DuckDB."""
    if request.param == "current":
        return dict(os.environ)
    if not consumers.older().exists() or not extension_of_older().exists():
        pytest.skip(f"there is no {consumers.older().name}: run make servers")
    return {**os.environ, "PYTHONPATH": str(consumers.older()), "VERSION": version_of_older()}


def version_of_older() -> str:
    return consumers.older().name.split("-")[1]


def extension_of_older() -> Path:
    return consumers.tools() / f"duckdb-extension-httpfs-{version_of_older()}"


def attached(environment: dict[str, str], address: str, root: str | None = None) -> Any:
    """Version, rows of each view, and comments of `assets`."""
    spec = util.find_spec("duckdb_extension_httpfs")
    assert spec is not None
    folders = [*(spec.submodule_search_locations or ()), str(extension_of_older())]
    done = subprocess.run(
        [sys.executable, str(HERE / "attached.py")],
        input=json.dumps([address, root, folders]),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_database_is_attached_where_it_was_published(
    environment: dict[str, str], sample: Pipeline, registry: CacheRegistry
) -> None:
    version, rows, comments = attached(environment, str(sample.published / "biodata_cache.duckdb"))
    assert version == environment.get("VERSION", duckdb.__version__)
    assert rows == {entry.name: entry.row_count for entry in registry}
    assets = registry["assets"]
    assert comments == [assets.description, *(column.description for column in assets.columns)]


def test_the_database_is_attached_over_http(
    environment: dict[str, str], sample: Pipeline, registry: CacheRegistry
) -> None:
    with served(sample.published.parents[1]) as bucket:
        address = f"{bucket.address}/data-asset-cache/{sample.published.name}/biodata_cache.duckdb"
        _, rows, _ = attached(environment, address, bucket.address)
        assert rows == {entry.name: entry.row_count for entry in registry}
        requested = {request.path.partition("?")[0] for request in bucket.requests}
    objects = {each.name for each in registry["quality_control"].objects}
    assert {path.rpartition("/")[2] for path in requested} > objects, "the sorted objects are read"
    assert not [path for path in requested if "/qc/" in path], "and no partition"


@pytest.fixture(scope="module")
def checkers() -> Path:
    """Python of the environment of the tools."""
    folder = consumers.tools() / f"descriptions-1-{sys.implementation.cache_tag}"
    if not (folder / "complete").exists():
        pytest.skip("there are no tools of Data Package and Croissant: run make servers")
    return folder / "bin/python"


def output_of(python: Path, program: str, folder: Path) -> Any:
    """What a program prints as its last line, as JSON."""
    done = subprocess.run(
        [python, "-c", program],
        cwd=folder,
        env={name: it for name, it in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


# The tool reads parquet by pandas, which makes arrays of lists, and numbers with a fraction of
# whole ones where some are missing.
DATA_PACKAGE = """
import json
from frictionless import Package, validate
package = Package("datapackage.json")
report = validate("datapackage.json")
print(json.dumps({
    "invalid": [str(error) for error in Package.metadata_validate(package.to_descriptor())],
    "errors": sorted({
        (task.name, error.type, error.note)
        for task in report.tasks for error in task.errors
        if error.note not in ('type is "array/default"', 'type is "integer/default"')
    }),
    "warnings": report.warnings,
    "keys": {
        resource.name: [
            resource.schema.primary_key,
            [[key["fields"], key["reference"]["resource"]] for key in resource.schema.foreign_keys],
        ]
        for resource in package.resources
    },
}))
"""


def test_the_data_package_is_valid_and_so_are_its_rows_and_keys(
    checkers: Path, sample: Pipeline, registry: CacheRegistry
) -> None:
    found = output_of(checkers, DATA_PACKAGE, sample.published)
    assert (found["invalid"], found["errors"]) == ([], [])
    assert found["keys"].keys() == {*registry.names} - {"records"}, "records has no public file"
    for name, (primary, _) in found["keys"].items():
        assert primary == list(registry[name].primary_key)
    assert found["keys"]["qc_status"][1] == [[["name"], "assets"]]
    assert found["keys"]["assets"][1] == [[["_id"], "asset_basics"]]


CROISSANT = """
import json, sys
import mlcroissant
dataset = mlcroissant.Dataset("croissant.json")
names = ("assets", "quality_control", "sessions")
rows = {name: len([*dataset.records(name)]) for name in names}
print(json.dumps([sorted(dataset.metadata.issues.errors), rows, len(dataset.metadata.record_sets)]))
"""


def test_croissant_is_valid_and_gives_the_rows(
    checkers: Path, sample: Pipeline, registry: CacheRegistry
) -> None:
    errors, rows, tables = output_of(checkers, CROISSANT, sample.published)
    assert errors == []
    assert rows == {name: registry[name].row_count for name in rows}
    assert tables == len(registry) - 1, "records is several files"


def test_the_example_for_r(sample: Pipeline) -> None:
    r = shutil.which("Rscript")
    if r is None:
        pytest.skip("there is no R: install r-base, and its package duckdb")
    done = subprocess.run(
        [r, str(HERE.parents[1] / "examples/read.R"), str(sample.published)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "there is no package called" in done.stderr:
        pytest.skip("R has no package duckdb")
    assert done.returncode == 0, done.stderr

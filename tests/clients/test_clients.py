"""Public programs that read the cache, unchanged, beside our wheel, on the published sample."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]


def tools() -> Path:
    """The folder of what tests install."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("BIODATA_TEST_TOOLS") or Path(cache) / "biodata-cache-tools")


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python of the environment of the clients, with the wheel of this checkout in it."""
    environment = tools() / f"clients-1-{sys.implementation.cache_tag}"
    if not (environment / "complete").exists():
        pytest.skip("there are no clients: run make servers")
    result = environment / "bin" / "python"
    pip = [result, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    base = tmp_path_factory.getbasetemp()
    wheels = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "client-wheel"
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    with FileLock(environment / ".lock"):
        if not wheels.exists():  # once for all processes of a run
            subprocess.run([*build, "--wheel-dir", wheels, PROJECT], check=True)
            (wheel,) = wheels.iterdir()
            subprocess.run([*pip, "install", "--no-deps", "--force-reinstall", wheel], check=True)
    return result


@pytest.fixture
def here(root: Path, tmp_path: Path) -> Path:
    """A root of this test's own."""
    return Path(shutil.copytree(root, tmp_path / "root"))


def answers(python: Path, root: Path, program: str) -> Any:
    """What a program prints as its last line, as JSON."""
    done = subprocess.run(
        [python, "-c", program],
        cwd=root,
        env={
            **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            "BIODATA_CACHE_ROOT": str(root),
            "BIODATA_CACHE_LOCAL_CACHE": "off",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_no_client_replaced_our_wheel(python: Path, here: Path) -> None:
    program = "import biodata_cache, json; print(json.dumps(biodata_cache.__version__))"
    assert answers(python, here, program).startswith("0.5")
    subprocess.run([python, "-m", "pip", "--disable-pip-version-check", "check"], check=True)


UPGRADER = """
import json
import pandas as pd
from aind_metadata_upgrader import sync
first = sync._load_zs_cache()
row = {"v1_id": "a", "v2_id": None, "upgrader_version": "0.17.14",
       "last_modified": "2024-01-01T00:00:00.123456+00:00", "status": "failed"}
sync._save_results(first, [row, row | {"v1_id": "b", "v2_id": "c", "status": "success"}])
sync._zs_df = None
again = sync._load_zs_cache()
sync._save_results(again, [row | {"status": "success"}])
sync._zs_df = None
rows = sync._load_zs_cache()
print(json.dumps([len(first), rows.fillna("").to_dict("records"), sync._get_cache_row(rows, "b")]))
"""


def test_the_upgrader_keeps_its_table(python: Path, here: Path) -> None:
    empty, rows, one = answers(python, here, UPGRADER)
    assert empty == 0
    assert [(row["v1_id"], row["status"]) for row in rows] == [("b", "success"), ("a", "success")]
    assert one["last_modified"] == "2024-01-01T00:00:00.123456+00:00"


VALIDATOR = """
import json
import pandas as pd
from aind_metadata_validator import sync
before = sync._load_prev_validation_map()
rows = [{"location": f"s3://bucket/{n}", "_last_modified": "2024-01-01T00:00:00Z", "_id": str(n),
         "validator_version": "0.11.11", "subject": 1, "subject.subject_id": n} for n in range(12)]
sync.custom(sync.TABLE_NAME, pd.DataFrame(rows))
after = sync._load_prev_validation_map()
print(json.dumps([before, [after[row["location"]] == row for row in rows]]))
"""


def test_the_validator_finds_what_it_wrote(python: Path, here: Path) -> None:
    before, same = answers(python, here, VALIDATOR)
    assert before == {}
    assert same == [True] * 12


MCP = """
import asyncio, inspect, json
from aind_data_mcp import cache_tools, data_access_server
import biodata_cache
def call(name, **arguments):
    tool = getattr(cache_tools, name)
    return getattr(tool, "fn", tool)(**arguments)
metrics = biodata_cache.quality_control().dropna(subset="raw_asset_name").iloc[0]
spim = biodata_cache.assets_smartspim()
foraging = "platform_dynamic_foraging_sessions" in biodata_cache.get_cache_registry()
calls = {
    "get_asset_basics": {"data_level": "derived"},
    "get_unique_project_names": {},
    "get_unique_subject_ids": {},
    "get_source_data_table": {},
    "get_raw_to_derived": {"asset_name": metrics["raw_asset_name"]},
    "get_qc_metrics": {"subject_id": metrics["subject_id"]},
    "get_assets_smartspim": {},
    "get_unique_genotypes": {},
    "get_platform_qc": {"platform": "fib"},
    "get_assets_exaspim": {},
    "get_assets_fib": {},
    "get_behavior_curriculum": {},
    "get_time_to_qc": {},
    "get_metadata_upgrade": {},
}
found = {name: call(name, **arguments) for name, arguments in calls.items()}
nothing = {
    "raw_to_derived": call("get_raw_to_derived", asset_name="nobody"),
    "qc": call("get_qc_metrics", subject_id="nobody"),
    "modality": call("get_asset_basics", modality="fib"),
}
refused = [call("get_foraging_trials", subject_id="1"), call("get_foraging_events", subject_id="1")]
schema = data_access_server.get_cache_tables
schema = getattr(schema, "fn", schema)()
counts = {name: rows if isinstance(rows, str) else len(rows) for name, rows in found.items()}
first = json.loads(schema)["tables"][0]["name"]
print(json.dumps([counts, nothing, refused, first, foraging]))
"""


def test_the_mcp_server_answers(python: Path, here: Path) -> None:
    result, nothing, refused, first, has_foraging = answers(python, here, MCP)
    assert all(isinstance(count, int) and count for count in result.values()), result
    # It takes lists of modalities for texts, also of 0.34: docs/migration.md.
    assert nothing == {"raw_to_derived": [], "qc": [], "modality": []}
    assert isinstance(first, str)
    if not has_foraging:
        assert all("platform_dynamic_foraging_" in answer for answer in refused), refused

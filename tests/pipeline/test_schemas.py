"""Records that the newest schema packages make: every table holds what their objects say.

The packages live in environments of their own (`scripts/install_schema_packages.sh`): field names
and checks come from there, never from memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from consumers import tools
from shared import made_once

if TYPE_CHECKING:
    from whole_runs import Pipeline

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
PACKAGES = {
    "aind-data-schema-2.9.2": ("aind_data_schema", "aind_data_schema_models"),
    "biodata-schema-3.0.0": ("biodata_schema", "biodata_models"),
}
#: Tables whose rows are of a subject, not of a record.
OF_SUBJECTS = {"subjects", "procedures", "injections", "implants"}


class Built(NamedTuple):
    """What a package made, and the tables that came of it."""

    rows: dict[str, dict[str, list[dict[str, Any]]]]
    skipped: dict[str, str]
    records: list[dict[str, Any]]
    pipeline: Pipeline


def python_of(package: str) -> Path:
    """Python of the environment of a package."""
    return tools() / f"{package}-{sys.implementation.cache_tag}" / "bin/python"


@pytest.fixture(scope="module", params=PACKAGES)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    python = python_of(request.param)
    if not python.exists():
        pytest.skip(f"there is no {request.param}: run make servers")
    command = [python, "-I", "-W", "ignore", HERE / "schema_records.py", *PACKAGES[request.param]]

    def make(pipeline: Pipeline) -> None:
        done = subprocess.run(command, check=True, capture_output=True)
        (pipeline.folder / "made.json").write_bytes(done.stdout)
        pipeline.run(json.loads(done.stdout)["records"])

    pipeline = made_once(tmp_path_factory, request.param, make)
    made = json.loads((pipeline.folder / "made.json").read_bytes())
    return Built(made["rows"], made["skipped"], made["records"], pipeline)


def test_one_object_of_every_kind_was_made(built: Built) -> None:
    assert built.skipped == {}
    assert len(built.records) > 10


def test_no_record_is_rejected(built: Built) -> None:
    assert len(built.pipeline.read("metadata_core")) == len(built.records)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """The row with dates as the texts that records have."""
    return {
        name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()
    }


def test_tables_hold_what_the_objects_say(built: Built) -> None:
    differences = []
    for name, tables in built.rows.items():
        for table, wanted in tables.items():
            columns = sorted({column for row in wanted for column in row})
            expected = [_plain({column: row[column] for column in columns}) for row in wanted]
            found = [
                _plain({column: row[column] for column in columns})
                for row in built.pipeline.read("qc" if table == "quality_control" else table)
                if row.get("asset_name", row.get("name", name)) == name
                and (table not in OF_SUBJECTS or row["subject_id"] == wanted[0]["subject_id"])
            ]
            if sorted(found, key=json.dumps) != sorted(expected, key=json.dumps):
                differences.append((name, table, found, expected))
    assert sum(map(len, built.rows.values())) > 20
    assert differences == []


def test_nothing_valid_is_reported(built: Built) -> None:
    """A valid record has no value of the wrong kind; what a table leaves out is another matter."""
    reported = built.pipeline.read("data_quality")
    problems = ("wrong kind", "not a", "no ", "unknown judgement")
    left_out = {"no subject"}  # the record of all procedures has no other section
    wrong = [row for row in reported if row["problem"].startswith(problems)]
    assert [row for row in wrong if row["problem"] not in left_out] == []


def test_the_list_of_fields_that_no_table_reads_is_up_to_date() -> None:
    missing = [name for name in PACKAGES if not python_of(name).exists()]
    if missing:
        pytest.skip(f"there is no {missing[0]}: run make servers")
    project = HERE.parents[1]
    script = project / "scripts/write_schema_fields.py"
    done = subprocess.run(
        [sys.executable, script, "--check"],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")

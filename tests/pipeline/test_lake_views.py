"""Plain dbt reads the lake by its list, whatever the folder is called, and only what is sound."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from biodata_cache._core.settings import values as _settings
from biodata_cache._pipeline.extract_stage import run_extract
from extract.lake.lake import Lake

PROJECT = Path(__file__).resolve().parents[2]
NAME = 'a\'b [c]* {{ 7*7 }} {d} "e" $f %20 ü\U0001f42d'


def dbt(work: Path) -> tuple[int, str]:
    arguments = ["run", "--select", "+int_as_of", "--profiles-dir", "."]
    done = subprocess.run(
        [sys.executable, "-c", "from dbt.cli.main import cli; cli()", *arguments],
        cwd=PROJECT,
        env=os.environ | {"BIODATA_CACHE_WORK": str(work)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_any_work_folder_is_read_and_a_damaged_file_stops_the_run(tmp_path: Path) -> None:
    work = tmp_path / NAME
    given = {"source": "sample:20", "objects": "none", "root": "", "work": str(work)}
    run_extract(_settings.load(**given), lambda *_: None)
    code, output = dbt(work)
    assert code == 0, output
    with duckdb.connect(str(work / "build.duckdb"), read_only=True) as connection:
        query = "select count(*) from main_staging.stg_docdb__records"
        assert connection.execute(query).fetchone() == (20,)
    (file,) = Lake(work / "raw", "docdb_v2").files()
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    code, output = dbt(work)
    assert code != 0
    assert f"{file.name} of the lake is damaged" in output
    assert "biodata-cache extract" in output
    run_extract(_settings.load(**given), lambda *_: None)
    assert dbt(work)[0] == 0

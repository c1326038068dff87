"""The calls of 0.33, 0.34 and 0.42: each works, or docs/migration.md says what to call instead."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import duckdb
import former_calls as calls
import pandas as pd
import pytest

import biodata_cache
from biodata_cache import sync

pytestmark = pytest.mark.slow

MIGRATION = Path(__file__).parents[2] / "docs" / "migration.md"


@pytest.fixture
def sample(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The published sample to read and write beside, and what expressions speak of."""
    here = tmp_path / "root"
    shutil.copytree(root, here)
    monkeypatch.setenv("BIODATA_CACHE_ROOT", str(here))
    metrics = biodata_cache.quality_control()
    metrics = metrics[metrics["subject_id"].str.isdecimal() & ~metrics["subject_id"].str.match("0")]
    row = metrics.dropna(subset="raw_asset_name").iloc[0]
    frame = pd.DataFrame({"v1_id": ["a"], "status": ["success"]})
    biodata_cache.custom("mine", frame)
    return {
        **{name: getattr(biodata_cache, name) for name in biodata_cache.__all__},
        "sync": sync,
        "subject": row["subject_id"],
        "asset": row["asset_name"],
        "raw": row["raw_asset_name"],
        "frame": frame,
    }


def evaluated(expression: str, names: dict[str, Any]) -> Any:
    """What an expression gives, without its warnings: these have tests of their own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return eval(expression, dict(names))


def test_functions_of_tables_take_every_form(sample: dict[str, Any]) -> None:
    for name in [*calls.PLAIN, *calls.LISTS]:
        plain = evaluated(f"{name}()", sample)
        kind = list if name in calls.LISTS else pd.DataFrame
        assert isinstance(plain, kind), name
        assert len(plain), name
        for form in calls.FORMS:
            result = evaluated(f"{name}({form})", sample)
            if kind is list:
                assert result == plain, (name, form)
            else:
                pd.testing.assert_frame_equal(result, plain)


@pytest.mark.parametrize("expression", calls.WORKING)
def test_a_call_works(sample: dict[str, Any], expression: str) -> None:
    evaluated(expression, sample)


def test_answers_are_those_of_the_package_that_is_replaced(sample: dict[str, Any]) -> None:
    subject = sample["subject"]
    folder = f"/bdc-v{biodata_cache.__version__}/qc/subject_id={subject}/data.pqt"
    assert evaluated("qc(subject, lazy=True)", sample).endswith(folder)
    assert len(evaluated("qc(int(subject))", sample)) == len(evaluated("qc(subject)", sample)) > 0
    assert set(evaluated("qc(subject, asset)", sample)["asset_name"]) == {sample["asset"]}
    nobody = evaluated("qc('nobody')", sample)
    assert (len(nobody), [*nobody.columns]) == (0, [*evaluated("qc(subject)", sample).columns])
    assert evaluated("raw_to_derived('nobody')", sample) == []
    assert evaluated("custom('mine', frame)", sample) is sample["frame"]
    dumped = evaluated("get_cache_registry().model_dump()", sample)
    assert {"name", "location", "partitioned", "partition_key", "type", "columns"} <= {
        *dumped["tables"][0]
    }
    names = [column.name for column in evaluated("qc_columns()", sample)]
    assert names == [*nobody.columns]


def test_force_update_warns_once_that_it_does_nothing(sample: dict[str, Any]) -> None:
    """In a process of its own: others of this one may have been warned before."""
    code = (
        "import warnings, biodata_cache\n"
        "with warnings.catch_warnings(record=True) as reported:\n"
        "    warnings.simplefilter('always')\n"
        "    biodata_cache.asset_basics(force_update=False)\n"
        f"    assert len(biodata_cache.qc({sample['subject']!r}, force_update=True))\n"
        "for each in reported:\n"
        "    print(each.category.__name__, each.filename, each.lineno, each.message)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert line.startswith("FutureWarning <string> 4 force_update does nothing since version")


@pytest.mark.parametrize("expression", calls.REFUSED)
def test_a_refused_call_is_named_by_the_page_with_its_replacement(
    sample: dict[str, Any], expression: str
) -> None:
    error = {"ArgumentError": biodata_cache.ArgumentError, "ValueError": ValueError}
    name, versions = calls.REFUSED[expression]
    with pytest.raises(error[name]):
        evaluated(expression, sample)
    if versions == calls.NEW:
        argument = expression.partition("(")[2].partition("=")[0]
        assert f"`{argument}=" in MIGRATION.read_text(encoding="utf-8")


def test_functions_of_tables_elsewhere_say_so(sample: dict[str, Any]) -> None:
    page = MIGRATION.read_text(encoding="utf-8")
    for name in calls.ELSEWHERE:
        assert f"`{name}" in page, name
        function = getattr(biodata_cache, name)
        if name not in biodata_cache.get_cache_registry():
            with pytest.raises(biodata_cache.CacheError):
                function("600195")


def test_functions_of_tables_elsewhere_read_a_root_that_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A root as 0.42 wrote it: fragments alone, any key, several files, nothing with types."""
    folder = tmp_path / "data-asset-cache" / "bdc-v0.42"
    fragments = folder / "cache_registry"
    fragments.mkdir(parents=True)
    tables = {"cell_properties": "asset_name", "platform_fib_traces": "asset_name"}
    tables |= {"storage_lens": None}
    for name, key in tables.items():
        location = f"s3://bucket/data-asset-cache/bdc-v0.42/{name}" + ("/" if key else ".pqt")
        entry = {
            "name": name,
            "description": "",
            "location": location,
            "partitioned": key is not None,
            "partition_key": key,
            "type": "asset",
            "columns": [{"name": "value", "description": ""}],
        }
        (fragments / f"{name}.json").write_text(json.dumps(entry), encoding="utf-8")
    duckdb.sql("select 7 as value").write_parquet(str(folder / "storage_lens.pqt"))
    for name in ("cell_properties", "platform_fib_traces"):
        for asset, chunks in {"a1": ["data_0000", "data_0001"], "0451": ["data"]}.items():
            place = folder / name / f"asset_name={asset}"
            place.mkdir(parents=True)
            for number, chunk in enumerate(chunks):
                duckdb.sql(f"select {number} as value").write_parquet(str(place / f"{chunk}.pqt"))
    monkeypatch.setenv("BIODATA_CACHE_ROOT", str(tmp_path))
    monkeypatch.setenv("BIODATA_CACHE_VERSION", "0.42")

    assert biodata_cache.storage_lens()["value"].tolist() == [7]
    traces = biodata_cache.platform_fib_traces("a1")
    assert traces["value"].tolist() == [0, 1]
    assert set(traces["asset_name"]) == {"a1"}
    assert biodata_cache.scan("cell_properties").df()["asset_name"].tolist() == ["0451", "a1", "a1"]
    assert biodata_cache.scan("cell_properties", value=1).df()["asset_name"].tolist() == ["a1"]
    address = biodata_cache.platform_fib_traces("0451", lazy=True)
    assert address.endswith("platform_fib_traces/asset_name=0451/data.pqt")
    with pytest.raises(ValueError, match="no asset_name 'none'"):
        biodata_cache.platform_fib_traces("none")
    count = "select count(*) as n from platform_fib_traces where asset_name = '0451'"
    assert biodata_cache.sql(count)["n"].tolist() == [1]


def test_the_page_names_all_modules_that_are_gone() -> None:
    page = MIGRATION.read_text(encoding="utf-8")
    for name in calls.MODULES:
        assert f"`{name}`" in page, name
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module(f"biodata_cache.{name}")


def test_every_function_that_there_was_has_a_line() -> None:
    page = MIGRATION.read_text(encoding="utf-8")
    names = {expression.partition("(")[0] for expression in calls.WORKING if "(" in expression}
    for name in sorted({*calls.PLAIN, *calls.LISTS, *names, "update_all_tables"}):
        assert f"`{name.removeprefix('sync.')}" in page, name

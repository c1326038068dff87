"""The built-in sample, published: the contract of the files, and what readers get."""

from __future__ import annotations

import doctest
import hashlib
import importlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import consumers
import duckdb
import pytest
from fragments import FRAGMENTS

import biodata_cache
from extract.sample.faults import FAULTS

if TYPE_CHECKING:
    from fragments import Fragment
    from whole_runs import Pipeline

TABLES = [
    "acquisition_devices",
    "asset_basics",
    "asset_lineage",
    "assets",
    "behavior_curriculum",
    "data_quality",
    "foraging_sessions",
    "funding",
    "implants",
    "injections",
    "metadata_core",
    "metadata_upgrade",
    "metadata_upgrade_history",
    "platform_dynamic_foraging_events",
    "platform_dynamic_foraging_sessions",
    "platform_dynamic_foraging_trials",
    "platform_exaspim",
    "platform_exaspim_intermediates",
    "platform_fib",
    "platform_qc",
    "platform_smartspim",
    "platform_smartspim_fiber_ccf",
    "platform_smartspim_qc_metrics",
    "procedures",
    "processing_steps",
    "qc_status",
    "qc_status_by_modality",
    "qc_tag_status",
    "quality_control",
    "quality_control_history",
    "record_consistency",
    "record_consistency_checks",
    "record_consistency_results",
    "records",
    "scientist_rl_fib",
    "sessions",
    "source_data",
    "stimulus_epochs",
    "subjects",
    "swdb_collections",
    "time_to_qc",
    "unique_genotypes",
    "unique_project_names",
    "unique_subject_ids",
]


@pytest.fixture(autouse=True)
def _read_the_sample(sample: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIODATA_CACHE_ROOT", sample.settings.root)


def files_of(entry: dict[str, Any], folder: Path) -> list[Path]:
    if not entry["files"]:  # a table that only has objects
        return [folder.parent / ".objects" / each["name"] for each in entry["objects"]]
    if not entry["partitioned"]:
        return [folder / f"{entry['name']}.pqt"]
    place = folder / entry["location"].rsplit("/", 1)[1]
    return sorted(place.glob(f"{entry['partition_key']}=*/data.pqt"))


def test_every_table_is_published_with_rows(sample: Pipeline) -> None:
    rows = {entry["name"]: entry["row_count"] for entry in sample.registry()}
    assert sorted(rows) == TABLES
    assert [name for name, count in rows.items() if count == 0] == []


def test_every_platform_has_rows(sample: Pipeline) -> None:
    partitions = sample.partitions("platform_qc")
    assert [*partitions] == [
        "dynamic_foraging",
        "dynamic_routing",
        "exaspim",
        "fib",
        "slap2",
        "spim",
        "vr",
    ]
    assert all(rows > 0 for rows in partitions.values())


def test_registry_describes_the_files(sample: Pipeline) -> None:
    for entry in sample.registry():
        files = files_of(entry, sample.published)
        rows = duckdb.execute(
            "select sum(num_rows) from parquet_file_metadata(?)", [[str(file) for file in files]]
        ).fetchone()
        assert rows == (entry["row_count"],), entry["name"]
        assert entry["files"] == (0 if entry["name"] == "records" else len(files))
        assert entry["bytes"] == sum(file.stat().st_size for file in files)
        assert entry["type"] in {"metadata", "asset", "event", "realtime", "platform"}
        assert all(column["description"] for column in entry["columns"])
        if entry["partitioned"]:
            assert entry["partition_count"] == len(files)
            assert sample.partitions(entry["name"]).keys() == {
                unquote(file.parent.name.split("=", 1)[1]) for file in files
            }
        elif entry["files"]:
            assert entry["sha256"] == hashlib.sha256(files[0].read_bytes()).hexdigest()
        else:
            assert not (sample.published / f"{entry['name']}.pqt").exists()
            assert len(files) == 16


def test_files_have_the_columns_and_types_of_the_registry(sample: Pipeline) -> None:
    for entry in sample.registry():
        for file in files_of(entry, sample.published):
            found = duckdb.execute(
                "describe select * from read_parquet(?, hive_partitioning = false)", [str(file)]
            ).fetchall()
            assert [row[:2] for row in found] == [
                (column["name"], column["type"]) for column in entry["columns"]
            ], file


def test_both_forms_of_the_registry_and_the_sidecars_agree(sample: Pipeline) -> None:
    for entry in sample.registry():
        fragment = sample.published / "cache_registry" / f"{entry['name']}.json"
        assert json.loads(fragment.read_text()) == entry
        stem = entry["location"].rsplit("/", 1)[1].removesuffix(".pqt")
        sidecar = json.loads((sample.published / f"{stem}.json").read_text())
        assert sidecar == {"columns": [column["name"] for column in entry["columns"]]}
    assert len(list((sample.published / "cache_registry").iterdir())) == len(TABLES)


def test_version_index_names_the_version(sample: Pipeline) -> None:
    index = sample.published.parent / "cache_versions.json"
    assert json.loads(index.read_text()) == [sample.published.name]
    assert re.fullmatch(r"bdc-v\d+\.\d+\.\d+", sample.published.name)


def test_nothing_but_the_contract_is_published(sample: Pipeline) -> None:
    wanted = {"cache_registry.json", "cache_history.json", "index.html", "qc.html"}
    wanted |= {"biodata_cache.duckdb", "datapackage.json", "croissant.json"}
    for entry in sample.registry():
        stem = entry["location"].rsplit("/", 1)[1].removesuffix(".pqt")
        wanted |= {f"{stem}.json", f"cache_registry/{entry['name']}.json"}
        wanted |= {
            file.relative_to(sample.published).as_posix()
            for file in files_of(entry, sample.published)
            if entry["files"]
        }
    found = {
        path.relative_to(sample.published).as_posix()
        for path in sample.published.rglob("*")
        if path.is_file()
    }
    assert found == wanted


def test_publishing_again_writes_nothing(sample: Pipeline) -> None:
    before = sample.snapshot()
    report = sample.publish()
    assert (report.written, report.removed) == (0, 0)
    assert sample.snapshot() == before


@pytest.mark.slow
def test_another_night_elsewhere_gives_the_same_bytes(
    sample: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the machine stands, and what it speaks, changes no byte of the tables."""
    before = sample.snapshot()
    sample.extract("sample")
    for name, value in {"TZ": "Asia/Tokyo", "LC_ALL": "tr_TR.UTF-8"}.items():
        monkeypatch.setenv(name, value)
    sample.build()
    assert (sample.publish().written, sample.snapshot() == before) == (0, True)


# What is missing is NULL, which is no fault of a value: the metric is published without a name.
MISSING = {"metric_name_missing"}
# Modules whose docstrings have examples.
CHECKOUT = Path(biodata_cache.__file__).parents[1]
DOCUMENTED = [
    ".".join(path.relative_to(CHECKOUT).with_suffix("").parts).removesuffix(".__init__")
    for package in ("biodata_cache", "extract")
    for path in sorted((CHECKOUT / package).rglob("*.py"))
    if re.search(r"^ *>>> ", path.read_text(encoding="utf-8"), re.MULTILINE)
]


def test_metric_without_a_name_is_published(sample: Pipeline) -> None:
    connection = duckdb.execute(
        "select count(*) from read_parquet(?) where name is null",
        [str(sample.published / "qc/*/data.pqt")],
    )
    assert connection.fetchone() == (1,)


@pytest.mark.parametrize(
    "fault",
    [fault for fault in FAULTS if fault.name not in MISSING],
    ids=lambda fault: fault.name,
)
def test_planted_fault_is_reported(sample: Pipeline, fault: Any) -> None:
    """Each record with a planted fault says which one; data_quality must name that record."""
    lake = str(sample.folder / "work/raw/docdb_v2/*.parquet")
    ids = duckdb.execute(
        "select _id from read_parquet(?) where contains(data_description, ?)",
        [lake, f"planted fault: {fault.name}"],
    ).fetchall()
    assert ids, "the fault is not in the sample"
    reported = {row["record_id"] for row in sample.read("data_quality")}
    assert {record_id for (record_id,) in ids} <= reported


def test_text_times_cast_as_readers_cast_them(sample: Pipeline) -> None:
    cast = 0
    for entry in sample.registry():
        for column in entry["columns"]:
            is_time = column["name"].endswith("_time") and column["name"] != "processing_time"
            if column["type"] == "VARCHAR" and (is_time or column["name"] == "timestamp"):
                files = [str(file) for file in files_of(entry, sample.published)]
                duckdb.execute(
                    f'select count(cast("{column["name"]}" as timestamptz)) from read_parquet(?)',
                    [files],
                ).fetchall()
                cast += 1
    assert cast >= 5


def test_rows_are_sorted_as_the_registry_says(sample: Pipeline) -> None:
    basics = sample.read("asset_basics")
    keys = [(row["name"] is None, row["name"] or "", row["_id"]) for row in basics]
    assert keys == sorted(keys)
    for platform in sorted(sample.published.glob("platform_qc/*/data.pqt")):
        found = duckdb.execute(
            "select timestamp::timestamptz, asset_name, tag from read_parquet(?)", [str(platform)]
        ).fetchall()
        in_order = sorted(found, key=lambda row: (row[0] is None, row[0] or 0, *row[1:]))
        assert found == in_order


@pytest.mark.parametrize("table", [name for name in TABLES if not name.startswith("unique_")])
def test_every_table_has_a_function(sample: Pipeline, table: str) -> None:
    frame = getattr(biodata_cache, table)()
    (entry,) = (entry for entry in sample.registry() if entry["name"] == table)
    assert list(frame.columns) == [column["name"] for column in entry["columns"]]
    assert len(frame) == entry["row_count"]


@pytest.mark.parametrize("name", ["project_names", "subject_ids", "genotypes"])
def test_unique_lists_are_sorted_texts_without_gaps(name: str) -> None:
    values = getattr(biodata_cache, f"unique_{name}")()
    assert values == sorted(set(values))
    assert all(isinstance(value, str) and value for value in values)


def test_subjects_that_differ_in_a_zero_are_two() -> None:
    assert {"0451", "451"} <= set(biodata_cache.unique_subject_ids())
    zero, plain = (
        biodata_cache.asset_basics().query("subject_id == @each") for each in ("0451", "451")
    )
    assert set(zero["name"]).isdisjoint(plain["name"])


def test_quality_control_of_a_subject_with_odd_characters(sample: Pipeline) -> None:
    odd = [each for each in sample.partitions("quality_control") if not each.isalnum()]
    assert odd, "the sample has such a subject"
    for subject in odd:
        assert set(biodata_cache.qc(subject)["subject_id"]) == {subject}


def test_raw_to_derived_agrees_with_the_lineage() -> None:
    lineage = biodata_cache.asset_lineage()
    newest = lineage[lineage["is_latest"]]
    assert len(newest)
    for source, names in newest.groupby("source_name")["name"]:
        assert sorted(biodata_cache.raw_to_derived(str(source), latest=True)) == sorted(names)


@pytest.mark.parametrize("module", DOCUMENTED)
def test_examples_in_docstrings(module: str) -> None:
    outcome = doctest.testmod(importlib.import_module(module))
    assert outcome.attempted > 0
    assert outcome.failed == 0


@pytest.fixture(scope="module")
def values(sample: Pipeline) -> dict[str, str]:
    return consumers.values(sample.published.as_posix())


@pytest.fixture(scope="module")
def asked(sample: Pipeline, values: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What every fragment of the readers gets from the current DuckDB."""
    return consumers.ask_here(sample.published.as_posix(), values)


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=str)
def test_existing_readers_get_what_they_need(
    fragment: Fragment, asked: dict[str, dict[str, Any]], values: dict[str, str]
) -> None:
    consumers.check(fragment, asked[fragment.name], values)


def test_existing_readers_can_be_distinguished() -> None:
    names = [fragment.name for fragment in FRAGMENTS]
    assert len(set(names)) == len(names)

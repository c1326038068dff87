"""Publish: nothing that failed or disagrees gets out, and a reader never sees half of anything."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest
from filelock import FileLock
from hostile import record, small_records
from whole_runs import Pipeline

import biodata_cache
from biodata_cache import (
    AuditError,
    BuildError,
    LockedError,
    RegistryError,
    SettingsError,
)
from biodata_cache._core.settings import values as _settings
from biodata_cache._publish.publish import publish

if TYPE_CHECKING:
    from collections.abc import Callable

CHECKOUT = Path(biodata_cache.__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def kept(objects: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build and a published cache of `copy`, whose paths a publish writes down."""
    folder = tmp_path_factory.mktemp("published")
    unread = shutil.ignore_patterns("compiled", "run", "logs")
    shutil.copytree(objects.folder / "work", folder / "copy/work", ignore=unread)
    Pipeline(folder / "copy").publish()
    return (folder / "copy").rename(folder / "kept")


@pytest.fixture
def copy(kept: Path) -> Pipeline:
    """A build and a published cache to be damaged."""
    folder = kept.with_name("copy")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(kept, folder)
    return Pipeline(folder)


def other_rows(pipeline: Pipeline) -> None:
    path = str(pipeline.area / "assets.pqt")
    duckdb.execute(
        f"copy (select * replace ('changed' as project_name) from read_parquet('{path}')) "
        f"to '{path}' (format parquet)"
    )


def empty_lists(pipeline: Pipeline) -> None:
    """DuckDB's hash of [] is that of NULL."""
    path = str(pipeline.area / "assets.pqt")
    duckdb.execute(
        "copy (select * replace (if(len(platforms) = 0, null, platforms) as platforms) "
        f"from read_parquet('{path}')) to '{path}' (format parquet)"
    )


def fewer_rows(pipeline: Pipeline) -> None:
    path = str(pipeline.area / "qc/subject_id=000003/data.pqt")
    duckdb.execute(f"copy (from read_parquet('{path}') limit 0) to '{path}' (format parquet)")


def other_type(pipeline: Pipeline) -> None:
    path = str(pipeline.area / "assets.pqt")
    duckdb.execute(
        f"copy (select * replace (record_count::bigint as record_count) "
        f"from read_parquet('{path}')) to '{path}' (format parquet)"
    )


def other_type_in_one_partition(pipeline: Pipeline) -> None:
    path = str(pipeline.area / "qc/subject_id=000003/data.pqt")
    duckdb.execute(
        f"copy (select * replace (metric_index::bigint as metric_index) "
        f"from read_parquet('{path}')) to '{path}' (format parquet)"
    )


def missing_file(pipeline: Pipeline) -> None:
    (pipeline.area / "qc_tag_status/subject_id=000003/data.pqt").unlink()


def second_file(pipeline: Pipeline) -> None:
    folder = pipeline.area / "qc/subject_id=000003"
    shutil.copy(folder / "data.pqt", folder / "data_0.pqt")


def partition_of_nobody(pipeline: Pipeline) -> None:
    folder = pipeline.area / "qc"
    shutil.copytree(folder / "subject_id=000003", folder / "subject_id=999999")


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (other_rows, "assets"),
        (empty_lists, "assets"),
        (fewer_rows, "quality_control"),
        (other_type, "assets"),
        (other_type_in_one_partition, "quality_control"),
        (missing_file, "qc_tag_status"),
        (second_file, "data_0"),
        (partition_of_nobody, "999999"),
    ],
)
def test_files_that_disagree_are_not_published(
    copy: Pipeline, damage: Callable[[Pipeline], None], named: str
) -> None:
    before = copy.snapshot()
    damage(copy)
    with pytest.raises(AuditError, match=named):
        copy.publish()
    assert copy.snapshot() == before


def test_what_another_version_found_in_files_is_no_reason_to_refuse_them(copy: Pipeline) -> None:
    """Of a file whose rows were hashed by other SQL, nothing is compared: it is read again."""
    path = copy.folder / "work/.build_manifest.json"
    before = json.loads(path.read_text())
    other = {
        name: [identity, sha256, audited and ["another", audited[1], audited[2] + 1]]
        for name, (identity, sha256, audited) in before.items()
    }
    assert other != before
    path.write_text(json.dumps(other))
    shutil.rmtree(copy.folder / "work/.published")  # else what was published is not audited again
    assert copy.publish().written == 0
    after = json.loads(path.read_text())
    for identity, *_ in (*before.values(), *after.values()):
        del identity[0]  # the inode, another one in a copy
    assert after == before


def test_part_of_a_run_is_not_published(copy: Pipeline) -> None:
    path = copy.folder / "work/target/run_results.json"
    results = json.loads(path.read_text())
    results["results"] = [
        result for result in results["results"] if "qc_status" not in result["unique_id"]
    ]
    path.write_text(json.dumps(results))
    with pytest.raises(AuditError, match="qc_status"):
        copy.publish()


def test_artifacts_of_two_runs_are_not_published(copy: Pipeline) -> None:
    path = copy.folder / "work/target/manifest.json"
    manifest = json.loads(path.read_text())
    manifest["metadata"]["invocation_id"] = "another"
    path.write_text(json.dumps(manifest))
    with pytest.raises(AuditError, match="two different runs"):
        copy.publish()


def test_nothing_to_publish_says_to_build(pipeline: Pipeline) -> None:
    with pytest.raises(BuildError, match="biodata-cache build"):
        pipeline.publish()


def test_build_without_a_lake_says_to_extract(pipeline: Pipeline) -> None:
    with pytest.raises(BuildError, match="biodata-cache extract"):
        pipeline.build()


def test_damaged_published_file_is_mended(copy: Pipeline) -> None:
    before = {path: content for path, (content, _) in copy.snapshot().items()}
    (copy.published / "assets.pqt").write_bytes(b"damaged")
    (copy.published / "qc.json").unlink()
    assert copy.publish().written == 2
    assert {path: content for path, (content, _) in copy.snapshot().items()} == before


@pytest.mark.slow
def test_nights_write_what_changed_and_a_failing_test_writes_nothing(tmp_path: Path) -> None:
    """Nights of one work folder, of which dbt parses the project in the first alone."""
    pipeline = Pipeline(tmp_path)
    pipeline.run(small_records(range(6)))
    foreign = pipeline.published / "notes.txt"
    foreign.write_text("somebody else's")
    tables_keep_the_build_they_come_from(pipeline)
    subjects_that_are_gone_leave(pipeline)
    assert foreign.exists()
    a_failing_test_leaves_the_folder_untouched(pipeline)


def tables_keep_the_build_they_come_from(pipeline: Pipeline) -> None:
    """Those that a night did not change."""
    before = {entry["name"]: entry for entry in pipeline.registry()}
    pipeline.run([*small_records(range(6)), record("new", "new", subject=None)])
    after = {entry["name"]: entry for entry in pipeline.registry()}
    same = {name for name in before if before[name] == after[name]}
    assert {"quality_control", "unique_subject_ids"} <= same
    assert "asset_basics" not in same
    assert after["asset_basics"]["build_id"] > before["asset_basics"]["build_id"]


def subjects_that_are_gone_leave(pipeline: Pipeline) -> None:
    """Their partitions, and no other file."""
    before = pipeline.snapshot()
    report = pipeline.run(small_records(range(1, 6)))
    after = pipeline.snapshot()
    gone = before.keys() - after.keys()
    folder = pipeline.published.name
    assert gone == {
        f"data-asset-cache/{folder}/{table}/subject_id=000000/data.pqt"
        for table in ("qc", "qc_tag_status", "quality_control_history")
    }
    assert report.removed == 3
    assert not (pipeline.published / "qc/subject_id=000000").exists()
    kept = f"data-asset-cache/{folder}/qc/subject_id=000003/data.pqt"
    assert after[kept] == before[kept], "a partition that did not change is not written"


def a_failing_test_leaves_the_folder_untouched(pipeline: Pipeline) -> None:
    """A checkout with a data test that must fail: sync names it, with its rows, and stops."""
    before, folder = pipeline.snapshot(), pipeline.folder
    checkout = folder / "checkout"
    for name in ("biodata_cache", "extract", "macros", "models", "seeds", "tests/data"):
        shutil.copytree(CHECKOUT / name, checkout / name)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(CHECKOUT / name, checkout / name)
    (checkout / "tests/data/no_asset_is_called_so.sql").write_text(
        "select name from {{ ref('assets') }} where name != 'asset 1'\n"
    )
    (folder / "more.jsonl").write_text(
        "".join(json.dumps(each) + "\n" for each in small_records(range(1, 6)))
    )
    done = subprocess.run(
        [
            sys.executable, "-m", "biodata_cache", "sync",
            "--source", str(folder / "more.jsonl"),
            "--root", str(folder / "root"), "--work", str(folder / "work"),
        ],
        cwd=checkout, env=os.environ | {"PYTHONPATH": str(checkout)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "no_asset_is_called_so: 4 rows" in done.stderr
    assert "Traceback" not in done.stderr
    assert pipeline.snapshot() == before
    with pytest.raises(AuditError, match="no_asset_is_called_so"):
        pipeline.publish()
    assert pipeline.snapshot() == before


def test_version_index_keeps_other_versions_in_the_order_of_their_numbers(copy: Pipeline) -> None:
    index = copy.published.parent / "cache_versions.json"
    name = copy.published.name
    index.write_text(json.dumps(["bdc-v0.0.10", "bdc-v0.0.9", "bdc-v99.0"]))
    copy.publish()
    assert json.loads(index.read_text()) == ["bdc-v0.0.9", "bdc-v0.0.10", name, "bdc-v99.0"]


@pytest.mark.parametrize("file", ["cache_versions.json", "{version}/cache_registry.json"])
def test_unreadable_index_is_an_error_that_names_it(copy: Pipeline, file: str) -> None:
    path = copy.published.parent / file.format(version=copy.published.name)
    path.write_text("{")
    with pytest.raises(RegistryError, match=path.name):
        copy.publish()


def test_second_publisher_is_refused(copy: Pipeline) -> None:
    with FileLock(copy.published.parent / ".publish.lock"), pytest.raises(LockedError):
        copy.publish()


def test_root_that_is_a_file_is_a_clear_error(copy: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = _settings.load(root=str(tmp_path / "file"), work=str(copy.folder / "work"))
    with pytest.raises(SettingsError, match="file"):
        publish(settings)

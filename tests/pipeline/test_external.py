"""Our `external` materialization: one test for each trap of the adapter's own."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import dbt_processes
import duckdb
import pyarrow.parquet as pq
import pytest

import biodata_cache

CHECKOUT = Path(biodata_cache.__file__).resolve().parents[1]
AREA = "work/cache/data-asset-cache/bdc-v1.2.3"

PROJECT = f"""
name: traps
profile: traps
macro-paths: ["{CHECKOUT}/macros"]
vars: {{cache_version: "1.2.3"}}
on-run-start: ["create schema if not exists by_change", "{{{{ make_cache_folders() }}}}"]
models: {{traps: {{+materialized: external, +contract: {{enforced: true}}}}}}
flags: {{send_anonymous_usage_stats: false}}
"""
PROFILE = """
traps:
  target: build
  outputs: {build: {type: duckdb, path: "work/build.duckdb", settings: {TimeZone: UTC}}}
"""
MODELS = {
    "flat": ("select 2 as number, 'b' as key union all select 1, 'a'", "{sort_order: [number]}"),
    "empty": ("select 1 as number, 'a' as key where false", "{sort_order: [number]}"),
    "parts": (
        "select cast(i as integer) as number, key "
        "from (select unnest(range(3)) as i) as numbers, "
        "(select unnest(string_split($${{ env_var('KEYS') }}$$, '|')) as key) as keys "
        "where key != '451' or i < {{ env_var('ROWS') }}",
        "{sort_order: [number], partition_key: key, folder: elsewhere}",
    ),
    "many": (
        "select cast(i as integer) as number, format('{:04}', k) as key "
        "from (select unnest(range(3)) as i), (select unnest(range(250)) as k)",
        "{sort_order: [number], partition_key: key}",
    ),
    "listed": (
        "select 1 as number, 'a' as key where false",
        "{sort_order: [number], partition_key: key, partitions_from: flat}",
    ),
    "spread": (
        "select 3 as number, 'c' as key, 1 as bucket union all select 2, 'b', 0 "
        "union all select 1, 'a', 1",
        "{sort_order: [number], buckets: 3}",
    ),
    "open": (
        "select 2 as number, 'b' as key, 'd' as more union all select 1, 'a', 'c' -- at the end",
        "{sort_order: [number], dynamic_columns: {data_type: varchar}}",
    ),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small dbt project that has our macros and a model for each case."""
    folder = tmp_path_factory.mktemp("traps")
    (folder / "models").mkdir()
    (folder / "work").mkdir()
    (folder / "dbt_project.yml").write_text(PROJECT)
    (folder / "profiles.yml").write_text(PROFILE)
    columns = (
        "columns: [{name: number, data_type: integer, description: A 'number'.}, "
        "{name: key, data_type: varchar}]"
    )
    for name, (sql, meta) in MODELS.items():
        depends = "-- depends_on: {{ ref('flat') }}\n" if "flat" in meta else ""
        (folder / f"models/{name}.sql").write_text(depends + sql)
        (folder / f"models/{name}.yml").write_text(
            f"models: [{{name: {name}, description: It's {name}., "
            f"config: {{meta: {meta}}}, {columns}}}]"
        )
    build(folder, ["0451", "451", "a/b", "it's", "50%"])
    return folder


@pytest.fixture
def another(project: Path, tmp_path: Path) -> Path:
    """The project, to be changed and built again."""
    return Path(shutil.copytree(project, tmp_path / "traps"))


def build(
    folder: Path, keys: list[str], *options: str, rows: int = 3, by_change: bool = False
) -> None:
    """Build with these keys, and so many rows of the key 451."""
    variables = {
        "BIODATA_CACHE_WORK": "work",
        "BY_CHANGE_OF_BIODATA_CACHE": "yes" if by_change else "",
        "KEYS": "|".join(keys),
        "ROWS": str(rows),
    }
    done = dbt_processes.run(
        folder, "build", "--profiles-dir", ".", *options, environment=os.environ | variables
    )
    assert done.returncode == 0, done.stdout


def rows(path: Path) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = duckdb.execute(
        "select * from read_parquet(?, hive_partitioning = false)", [str(path)]
    ).fetchall()
    return found


def test_1_empty_table_is_a_file_with_its_schema_and_no_rows(project: Path) -> None:
    file = project / AREA / "empty.pqt"
    assert rows(file) == []
    described = duckdb.execute("describe from read_parquet(?)", [str(file)]).fetchall()
    assert [row[:2] for row in described] == [("number", "INTEGER"), ("key", "VARCHAR")]


@pytest.mark.slow
def test_2_second_build_of_a_partitioned_table_writes_what_has_changed_and_removes_what_is_stale(
    another: Path,
) -> None:
    folder = another / AREA / "elsewhere"
    same, damaged = folder / "key=451/data.pqt", folder / "key=0451/data.pqt"
    sound, before = damaged.read_bytes(), same.stat()
    damaged.write_bytes(sound[:-1])
    (folder / "key=it%27s/other.pqt").touch()
    (folder / "key=stray").touch()
    build(another, ["0451", "451", "it's", "other"])
    files = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*.*"))
    assert files == [f"key={key}/data.pqt" for key in ["0451", "451", "it%27s", "other"]]
    assert (same.stat().st_ino, same.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert damaged.read_bytes() == sound


@pytest.mark.slow
def test_a_build_by_change_writes_the_files_whose_rows_have_changed(another: Path) -> None:
    home = another / "work/cache/data-asset-cache"

    def modified() -> dict[str, int]:
        files = (path for path in home.rglob("*.pqt") if "spread" not in path.name)
        return {path.relative_to(home).as_posix(): path.stat().st_mtime_ns for path in files}

    before = modified()
    build(another, ["0451", "451", "it's", "other"], rows=2, by_change=True)
    after = modified()
    area = "bdc-v1.2.3"
    assert {
        path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
    } == {
        f"{area}/elsewhere/key=451/data.pqt",
        f"{area}/elsewhere/key=other/data.pqt",
        f"{area}/elsewhere/key=a%2Fb/data.pqt",
        f"{area}/elsewhere/key=50%25/data.pqt",
        f"{area}/open.pqt",  # its columns are known when it is made
        "objects/parts.pqt",
    }
    assert not (another / AREA / "elsewhere/key=50%25").exists()
    assert rows(another / AREA / "elsewhere/key=451/data.pqt") == [(0, "451"), (1, "451")]
    assert len(rows(home / "objects/parts.pqt")) == 3 * 3 + 2


def test_3_text_key_is_read_back_as_text(project: Path) -> None:
    folder = project / AREA / "elsewhere"
    assert {row[1] for row in rows(folder / "key=0451/data.pqt")} == {"0451"}
    connection = duckdb.connect(str(project / "work/build.duckdb"), read_only=True)
    assert connection.execute("select typeof(key) from parts limit 1").fetchone() == ("VARCHAR",)
    connection.close()


def test_4_each_partition_is_one_file_of_the_name_of_the_contract(project: Path) -> None:
    files = [path for path in (project / AREA / "many").rglob("*") if path.is_file()]
    assert sorted(file.parent.name for file in files) == [f"key={key:04}" for key in range(250)]
    assert {file.name for file in files} == {"data.pqt"}
    assert all(len(rows(file)) == 3 for file in files)


def test_5_location_follows_the_folder_of_the_table(project: Path) -> None:
    assert (project / AREA / "elsewhere").is_dir()
    assert not (project / AREA / "parts").exists()


def test_6_flat_table_has_the_suffix_of_the_contract_and_is_sorted(project: Path) -> None:
    assert rows(project / AREA / "flat.pqt") == [(1, "a"), (2, "b")]
    assert not [path for path in (project / AREA).iterdir() if path.name.startswith("tmp_")]


def test_7_missing_parent_folders_are_made(project: Path) -> None:
    assert sorted(path.name for path in (project / "work/cache").iterdir()) == ["data-asset-cache"]


def test_8_partition_column_is_in_the_file(project: Path) -> None:
    assert rows(project / AREA / "elsewhere/key=a%2Fb/data.pqt") == [
        (0, "a/b"),
        (1, "a/b"),
        (2, "a/b"),
    ]
    assert (project / AREA / "elsewhere/key=50%25/data.pqt").exists()
    assert (project / AREA / "elsewhere/key=it%27s/data.pqt").exists()


def test_files_carry_the_texts_of_table_and_columns(project: Path) -> None:
    home = project / "work/cache/data-asset-cache"
    files = {
        "flat": project / AREA / "flat.pqt",
        "parts": home / "objects/parts.pqt",
        "spread": home / "objects/spread-01.pqt",
    }
    for name, path in files.items():
        found = pq.read_schema(path).metadata
        assert found[b"description"].decode() == f"It's {name}."
        assert json.loads(found[b"columns"]) == {"number": "A 'number'.", "key": ""}
    partition = next((project / AREA / "elsewhere").glob("*/data.pqt"))
    assert pq.read_schema(partition).metadata is None


def test_partition_without_rows_is_there(project: Path) -> None:
    folders = sorted(path.name for path in (project / AREA / "listed").iterdir())
    assert folders == ["key=a", "key=b"]
    assert rows(project / AREA / "listed/key=a/data.pqt") == []


def test_further_columns_are_those_of_the_data(project: Path) -> None:
    assert rows(project / AREA / "open.pqt") == [(1, "a", "c"), (2, "b", "d")]


def test_contract_is_enforced(another: Path) -> None:
    for name, meta in (("wrong", ""), ("wrong_open", ", dynamic_columns: {data_type: varchar}")):
        (another / f"models/{name}.sql").write_text("select 'text' as number, 'a' as key")
        (another / f"models/{name}.yml").write_text(
            f"models: [{{name: {name}, config: {{meta: {{sort_order: [key]{meta}}}}}, columns: "
            "[{name: number, data_type: integer}, {name: key, data_type: varchar}]}]"
        )
    with pytest.raises(AssertionError) as failed:
        build(another, ["a"], "--select", "wrong", "wrong_open")
    refused = re.findall(
        r"Error in model (\w+) .*\s+This model has an enforced contract that failed",
        str(failed.value),
    )
    assert {*refused} == {"wrong", "wrong_open"}


def test_partitioned_table_is_one_sorted_object_too(project: Path) -> None:
    objects = project / "work/cache/data-asset-cache/objects"
    names = {path.name for path in objects.iterdir()}
    assert {name for name in names if "spread" not in name} == {
        "listed.pqt",
        "many.pqt",
        "parts.pqt",
    }
    found = rows(objects / "parts.pqt")
    assert found == sorted(found, key=lambda row: (row[1], row[0]))
    files = sorted((project / AREA / "elsewhere").glob("*/data.pqt"))
    assert sorted(found) == sorted(row for file in files for row in rows(file))
    assert rows(objects / "listed.pqt") == []


def test_table_in_buckets_is_sorted_objects_and_no_file(project: Path) -> None:
    """The bucket itself is no column, and a bucket without rows is a file, too."""
    objects = project / "work/cache/data-asset-cache/objects"
    assert not (project / AREA / "spread.pqt").exists()
    found = [rows(objects / f"spread-{bucket:02}.pqt") for bucket in range(3)]
    assert found == [[(2, "b")], [(1, "a"), (3, "c")], []]
    with duckdb.connect(str(project / "work/build.duckdb"), read_only=True) as duck:
        view = duck.execute("select sql from duckdb_views() where view_name = 'spread'").fetchone()
    assert view is not None
    assert "spread-00.pqt" in view[0]


RECORDS = """
{{ config(materialized="table", contract={"enforced": false}, post_hook=[
    "create or replace table by_change.changed_record as
     select format('{:05}', i) as record_id
     from (select unnest([0, 7, 4094, 4095, 4096, 8192, 12000, 12001, 13000]) as i)",
    "create or replace table by_change.stg_docdb__records as
     from {{ this }} where record_id in (from by_change.changed_record)",
]) }}
select
    format('{:05}', i) as key,
    cast(if(i = 8192, {{ env_var('ROWS') }}, i) as integer) as number,
    i // 6000 as bucket,
    key as record_id
from (select unnest(range(13000 + {{ env_var('ROWS') }} % 2)) as i)
where i not in ({{ "7, 4096, 12001" if env_var('ROWS') == '3' else "0, 4095, 12000" }})
"""


@pytest.mark.slow
def test_changed_records_are_merged_into_sorted_objects_as_if_all_were_written(
    another: Path,
) -> None:
    """Some come, change and go, at both ends of objects and of row groups; one object has none."""
    for name, sql, meta in (
        ("stg_docdb__records", RECORDS, "{}"),
        (
            "recorded",
            "select * from {{ ref('stg_docdb__records') }}",
            "{sort_order: [key], buckets: 4, record_key: key}",
        ),
    ):
        (another / f"models/{name}.sql").write_text(sql)
        (another / f"models/{name}.yml").write_text(
            f"models: [{{name: {name}, config: {{meta: {meta}}}, "
            "columns: [{name: number, data_type: integer}, {name: key, data_type: varchar}]}]"
        )
    objects = another / "work/cache/data-asset-cache/objects"
    found = []
    for rows_, by_change in ((3, False), (4, True), (4, False)):
        build(another, ["a"], "--select", "+recorded", rows=rows_, by_change=by_change)
        files = sorted(objects.glob("recorded*"))
        found.append([(file.name, file.stat().st_mtime_ns, file.read_bytes()) for file in files])
    before, after, whole = found
    assert [name for name, _, _ in after] == [f"recorded-{bucket:02}.pqt" for bucket in range(4)]
    assert [each[0::2] for each in after] == [each[0::2] for each in whole]
    assert before[3] == after[3]
    assert all(old[2] != new[2] for old, new in zip(before[:3], after[:3], strict=True))


@pytest.mark.slow
def test_bytes_do_not_depend_on_the_run_and_a_partition_is_one_file_of_any_size(
    another: Path,
) -> None:
    """Partitions within and across batches of rows: many, and one of more rows than a batch."""
    keys = [f"{number:03}" for number in range(150)]
    (another / "models/large.sql").write_text(
        "select cast(i as integer) as number, cast(least(i // 900, 500) as varchar) as key"
        " from (select unnest(range(800000)) as i)"
    )
    (another / "models/large.yml").write_text(
        "models: [{name: large, config: {meta: {sort_order: [number], partition_key: key}}, "
        "columns: [{name: number, data_type: integer}, {name: key, data_type: varchar}]}]"
    )
    found = []
    for _ in range(2):
        build(another, keys)
        found.append(
            {
                path: path.read_bytes()
                for path in (another / "work/cache").rglob("*")
                if path.is_file()
            }
        )
    assert found[0] == found[1]
    files = sorted((another / AREA / "large").rglob("*.*"))
    assert {file.name for file in files if file.is_file()} == {"data.pqt"}
    for file in [file for file in files if file.is_file()][::50]:
        read = rows(file)
        assert read == sorted(read)
        assert {f"key={row[1]}" for row in read} == {file.parent.name}

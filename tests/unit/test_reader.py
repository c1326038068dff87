"""Published tables as DataFrames."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from published_cache import QC_TYPES, SUBJECTS, qc_rows

import biodata_cache
from biodata_cache import (
    ArgumentError,
    CacheError,
    CacheFileError,
    CacheNotFoundError,
    MissingDependencyError,
    NotFoundWarning,
    PartitionNotFoundError,
    RegistryError,
    SettingsError,
    TableNotFoundError,
)
from biodata_cache._reader import sql as _sql
from biodata_cache._reader.files.connections import ChangedError, connection, consistently
from biodata_cache._reader.scan import Scan
from biodata_cache._reader.selection import selection
from biodata_cache._session import current_published
from biodata_cache._storage.cached import CachedStorage

PLAIN = [
    "acquisition_devices",
    "asset_basics",
    "asset_lineage",
    "assets",
    "data_quality",
    "funding",
    "implants",
    "injections",
    "metadata_core",
    "platform_fib",
    "procedures",
    "processing_steps",
    "qc_status",
    "qc_status_by_modality",
    "scientist_rl_fib",
    "sessions",
    "source_data",
    "stimulus_epochs",
    "subjects",
    "time_to_qc",
]
TEXT = pd.Series(["text"]).dtype


# Plain tables ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_table_is_the_function_of_its_name(cache, name):
    cache.plain(name, f"select '{name}' as from_table, range as position from range(3)")
    table = getattr(biodata_cache, name)()
    assert table["from_table"].tolist() == [name] * 3
    assert table["position"].tolist() == [0, 1, 2]


def test_lists_are_arrays_of_texts_and_a_missing_list_is_none(cache):
    cache.plain(
        "asset_basics",
        """select * from (values
            (['fib', null, 'behavior'], ['id']), ([]::varchar[], null)
        ) as basics(modalities, code_ocean)""",
    )
    table = biodata_cache.asset_basics()
    first, second = table["modalities"]
    assert isinstance(first, np.ndarray)
    assert first.tolist() == ["fib", None, "behavior"]
    assert second.tolist() == []
    assert table["code_ocean"][0].tolist() == ["id"]
    assert table["code_ocean"][1] is None


def test_maps_are_dicts_and_a_missing_map_is_none(cache):
    cache.plain("qc_status", "select unnest([map {'fib': 'Pass'}, null]) as status_by_modality")
    assert biodata_cache.qc_status()["status_by_modality"].tolist() == [{"fib": "Pass"}, None]


def test_instants_come_in_utc(cache):
    cache.plain(
        "assets",
        "select unnest([timestamptz '2024-01-31 08:50:58.25-08:00', null]) as acquisition_start_at",
    )
    column = biodata_cache.assets()["acquisition_start_at"]
    assert str(column.dt.tz) == "UTC"
    assert column[0] == pd.Timestamp("2024-01-31 16:50:58.25", tz="UTC")
    assert column[1] is pd.NaT


def printed(code: str, **variables: str) -> str:
    """What a process that executes this code as `python -c` prints."""
    return subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(biodata_cache.__file__).parents[1],
        env=os.environ | variables,
    ).stdout.strip()


def test_instants_come_in_utc_wherever_the_machine_is(cache):
    cache.plain("assets", "select timestamptz '2024-01-31 08:50:58-08:00' as acquisition_start_at")
    code = "import biodata_cache; print(biodata_cache.assets()['acquisition_start_at'][0])"
    assert printed(code, TZ="America/Los_Angeles") == "2024-01-31 16:50:58+00:00"


@pytest.mark.usefixtures("cache")
def test_no_bar_of_progress_is_printed_between_results():
    query = "select current_setting('enable_progress_bar') as is_shown"
    by_duckdb = f"import duckdb; print(duckdb.sql({query!r}).fetchone()[0])"
    assert printed(by_duckdb) == "True", "DuckDB prints none of its own accord"
    assert printed(f"import biodata_cache; print(biodata_cache.sql({query!r})['is_shown'][0])") == (
        "False"
    )


def test_text_times_stay_as_the_record_has_them(cache):
    text = "2024-01-31T08:50:58-08:00"
    cache.plain("asset_basics", f"select '{text}' as acquisition_start_time")
    assert biodata_cache.asset_basics()["acquisition_start_time"].tolist() == [text]


def test_an_empty_table_has_its_columns_and_their_types(cache):
    columns = """select 'x' as name, ['x'] as modalities, now() as acquisition_start_at,
        true as is_raw, 1.5::double as duration_s"""
    cache.plain("assets", f"{columns} where false")
    empty = biodata_cache.assets()
    cache.plain("asset_basics", columns)
    filled = biodata_cache.asset_basics()
    assert len(empty) == 0
    assert empty.dtypes.to_dict() == filled.dtypes.to_dict()


def test_a_column_without_any_text_is_text(cache):
    cache.plain("asset_basics", "select null::varchar as genotype from range(2)")
    genotype = biodata_cache.asset_basics()["genotype"]
    assert genotype.dtype == TEXT
    assert genotype.isna().all()
    assert genotype.str.contains("x", na=False).tolist() == [False, False]


def test_numbers_and_flags_keep_their_kind(cache):
    cache.plain(
        "assets", "select 3::integer as record_count, 1.5::double as duration_s, true as is_raw"
    )
    kinds = {name: dtype.kind for name, dtype in biodata_cache.assets().dtypes.items()}
    assert kinds == {"record_count": "i", "duration_s": "f", "is_raw": "b"}


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("unique_project_names", "project_name"),
        ("unique_subject_ids", "subject_id"),
        ("unique_genotypes", "genotype"),
    ],
)
def test_unique_values_are_a_list_of_texts(cache, name, column):
    cache.plain(name, f"select unnest(['0451', '451', 'b']) as {column}")
    assert getattr(biodata_cache, name)() == ["0451", "451", "b"]


def test_the_row_without_a_value_that_older_publishers_wrote_is_left_out(cache):
    cache.plain("unique_project_names", "select unnest([null, 'b']) as project_name")
    assert biodata_cache.unique_project_names() == ["b"]


def test_unique_values_of_an_empty_table(cache):
    cache.plain("unique_genotypes", "select 'x' as genotype where false")
    assert biodata_cache.unique_genotypes() == []


# Partitions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_key_reads_the_rows_of_that_key_alone(qc_cache, subject):
    table = biodata_cache.quality_control(subject)
    assert table["subject_id"].tolist() == [subject, subject]
    assert table["asset_name"].tolist() == [f"{subject}_first", f"{subject}_second"]
    assert table["timestamp"][0] == pd.Timestamp("2024-01-31 16:50:58", tz="UTC")
    assert table.columns.tolist() == list(QC_TYPES)


def test_a_key_reads_one_file_and_leaves_the_others_alone(qc_cache):
    for path in (qc_cache.folder / "qc").glob("*/data.pqt"):
        if path.parent.name != "subject_id=0451":
            path.write_bytes(b"damaged")
    assert len(biodata_cache.quality_control("0451")) == 2


def test_without_a_key_every_partition_is_read_in_the_order_of_the_values(qc_cache):
    table = biodata_cache.quality_control()
    assert table["subject_id"].tolist() == sorted([*SUBJECTS, *SUBJECTS])
    assert table["subject_id"].dtype == TEXT


def test_partitions_that_an_older_publisher_did_not_list_are_found(cache):
    location = cache.partitioned(
        "quality_control",
        "qc",
        "subject_id",
        {subject: qc_rows(subject) for subject in SUBJECTS},
    )
    (location / "subject_id=without file").mkdir()
    (location / "other=1").mkdir()
    shutil.copy(location / "subject_id=451" / "data.pqt", location / "other=1" / "data.pqt")
    assert biodata_cache.quality_control()["subject_id"].unique().tolist() == sorted(SUBJECTS)
    for subject in SUBJECTS:
        assert set(biodata_cache.quality_control(subject)["subject_id"]) == {subject}


def test_partitions_of_an_older_publisher_may_differ_in_the_types_they_show(cache):
    cache.partitioned(
        "quality_control",
        "qc",
        "subject_id",
        {
            "1": "select 'a' as asset_name, null::integer as status, '1' as subject_id",
            "2": "select 'b' as asset_name, 'Pass' as status, '2' as subject_id",
        },
    )
    status = biodata_cache.quality_control()["status"]
    assert status.isna().tolist() == [True, False]
    assert status[1] == "Pass"


def test_a_table_without_partitions_is_empty_and_typed(cache):
    columns = [{"name": name, "description": "", "type": kind} for name, kind in QC_TYPES.items()]
    cache.partitioned("quality_control", "qc", "subject_id", {})
    cache.entries[0]["columns"] = columns
    cache.write_registry()
    empty = biodata_cache.quality_control()
    assert len(empty) == 0
    assert empty.columns.tolist() == list(QC_TYPES)
    assert empty["subject_id"].dtype == TEXT
    assert str(empty["timestamp"].dt.tz) == "UTC"
    with pytest.warns(NotFoundWarning, match="No record is of subject '0451'"):
        assert biodata_cache.quality_control("0451").columns.tolist() == list(QC_TYPES)


@pytest.mark.parametrize(
    "subject", ["0", "00451", "4510", "0451/../451", "%2E%2E", "x" * 5000, "\0"]
)
def test_a_subject_that_no_record_names_has_no_rows(qc_cache, subject):
    with pytest.warns(NotFoundWarning) as reported:
        assert len(biodata_cache.quality_control(subject)) == 0
    assert repr(subject) in str(reported[0].message)
    assert reported[0].filename == __file__


def test_a_subject_without_quality_control_has_no_rows(qc_cache):
    qc_cache.plain("unique_subject_ids", "select '777' as subject_id union all select null")
    none = biodata_cache.qc("777")
    assert (len(none), "status" in none) == (0, True)
    with pytest.warns(NotFoundWarning, match=r"subject '778', .*Nearest: '777'\."):
        biodata_cache.qc(["777", "778"])


def test_the_nearest_subjects_are_offered(qc_cache):
    with pytest.warns(NotFoundWarning, match=r"Nearest: '451', '0451'\."):
        biodata_cache.qc("4511")


def test_a_long_list_of_partitions_is_cut(cache):
    platforms = {str(n): f"select '{n}' as platform, 'a' as asset_name" for n in range(100, 110)}
    cache.partitioned("platform_qc", "platform_qc", "platform", platforms)
    with pytest.raises(ValueError, match="'104' and 5 more"):
        biodata_cache.platform_qc("x")


@pytest.mark.parametrize("subject", [451, np.int64(451), [451], np.array([451])])
def test_a_number_of_a_subject_is_its_decimal_text(qc_cache, subject):
    for read in (biodata_cache.quality_control, biodata_cache.qc):
        assert set(read(subject)["subject_id"]) == {"451"}
    assert set(biodata_cache.scan("quality_control", subject_id=subject).df()["subject_id"]) == {
        "451"
    }


@pytest.mark.parametrize("subject", [451.0, b"451", [451.5], True])
def test_a_subject_that_is_no_text_is_refused(qc_cache, subject):
    for read in (biodata_cache.quality_control, biodata_cache.qc, biodata_cache.qc_tag_status):
        with pytest.raises(ArgumentError, match="subject_id must be a text") as caught:
            read(subject)
        assert isinstance(caught.value, TypeError)


def test_a_text_of_numpy_is_a_text(qc_cache):
    assert len(biodata_cache.quality_control(np.str_("451"))) == 2
    names = np.array(["451_first"])
    assert len(biodata_cache.quality_control("451", asset_names=names)) == 1


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (None, ["451_first", "451_second"]),
        ("451_second", ["451_second"]),
        (["451_second"], ["451_second"]),
        (("451_second", "451_first", "451_first"), ["451_first", "451_second"]),
        (pd.Series(["451_first"]), ["451_first"]),
        (np.array("451_first"), ["451_first"]),
        (lambda: (name for name in ["451_first"]), ["451_first"]),
        (["x' or '1' = '1", "%"], []),
        ([], []),
    ],
)
def test_asset_names_keep_these_assets_only(qc_cache, names, expected):
    chosen = names() if callable(names) else names  # what can be read once is made for each test
    table = biodata_cache.quality_control("451", asset_names=chosen)
    assert table["asset_name"].tolist() == expected
    assert table["metric_index"].dtype.kind == "i"


@pytest.mark.parametrize("names", [451, ["451_first", 451], [None], b"451_first"])
def test_asset_names_that_are_no_texts_are_refused(qc_cache, names):
    with pytest.raises(ArgumentError, match="asset_names"):
        biodata_cache.quality_control("451", asset_names=names)


def test_asset_names_narrow_the_whole_table_too(qc_cache):
    names = ["0451_first", "451_second"]
    assert biodata_cache.quality_control(asset_names=names)["asset_name"].tolist() == names


def test_qc_is_the_older_name_and_takes_its_arguments_by_position(qc_cache):
    pd.testing.assert_frame_equal(biodata_cache.qc("451"), biodata_cache.quality_control("451"))
    assert biodata_cache.qc("451", "451_second")["asset_name"].tolist() == ["451_second"]
    assert len(biodata_cache.qc("451", asset_names=["451_first"])) == 1
    pd.testing.assert_frame_equal(biodata_cache.qc(), biodata_cache.quality_control())


def test_tags_are_read_by_subject(cache):
    cache.partitioned(
        "qc_tag_status",
        "qc_tag_status",
        "subject_id",
        {key: f"select 'tag' as tag, '{key}' as asset_name, '{key}' as subject_id" for key in "ab"},
    )
    assert biodata_cache.qc_tag_status("b")["asset_name"].tolist() == ["b"]
    assert biodata_cache.qc_tag_status()["asset_name"].tolist() == ["a", "b"]
    assert biodata_cache.qc_tag_status(asset_names="b")["asset_name"].tolist() == ["b"]


def test_platforms_are_partitions_and_one_may_be_empty(cache):
    columns = "select 'a' as asset_name, ['Jane'] as experimenters_normalized, '{}' as platform"
    cache.partitioned(
        "platform_qc",
        "platform_qc",
        "platform",
        {"fib": columns.format("fib"), "vr": columns.format("vr") + " where false"},
    )
    assert biodata_cache.platform_qc("fib")["experimenters_normalized"][0].tolist() == ["Jane"]
    assert len(biodata_cache.platform_qc("vr")) == 0
    assert biodata_cache.platform_qc()["platform"].tolist() == ["fib"]
    with pytest.raises(PartitionNotFoundError, match="platform_qc has no platform 'FIB'"):
        biodata_cache.platform_qc("FIB")


def test_a_key_for_a_table_that_is_published_as_one_file_is_refused(cache):
    cache.plain("platform_qc", "select 'a' as asset_name")
    assert len(biodata_cache.platform_qc()) == 1
    with pytest.raises(RegistryError, match="platform_qc is one file"):
        biodata_cache.platform_qc("fib")


# Where the files are -----------------------------------------------------------------------------


def test_a_folder_that_was_moved_still_reads(qc_cache, monkeypatch, tmp_path):
    qc_cache.plain("asset_basics", "select 'a' as name")
    moved = tmp_path / "elsewhere [1] *" / "it's here"
    moved.parent.mkdir()
    qc_cache.root.rename(moved)
    monkeypatch.setenv("BIODATA_CACHE_ROOT", str(moved))
    assert biodata_cache.asset_basics()["name"].tolist() == ["a"]
    assert len(biodata_cache.quality_control()) == 2 * len(SUBJECTS)
    assert len(biodata_cache.quality_control("0451")) == 2


@pytest.mark.parametrize(
    "location",
    [
        "s3://bucket/data-asset-cache/bdc-v0.50.0/asset_basics.pqt",
        "/mnt/bdc-v0.50.0/data-asset-cache/bdc-v0.50.0/asset_basics.pqt",
        "C:\\published\\data-asset-cache\\bdc-v0.50.0\\asset_basics.pqt",
        "/another/bdc-v9.9/asset_basics.pqt",
        "asset_basics.pqt",
    ],
)
def test_only_the_end_of_a_location_counts(cache, location):
    cache.plain("asset_basics", "select 'a' as name")
    cache.entries[0]["location"] = location
    cache.write_registry()
    assert len(biodata_cache.asset_basics()) == 1


def test_a_table_may_lie_deeper_in_its_version(cache):
    path = cache.plain("asset_basics", "select 'a' as name")
    deeper = path.parent / "metadata" / path.name
    deeper.parent.mkdir()
    path.rename(deeper)
    cache.entries[0]["location"] = str(deeper)
    cache.write_registry()
    assert len(biodata_cache.asset_basics()) == 1


@pytest.mark.parametrize("location", ["/x/bdc-v0.50.0/", "/x/bdc-v0.50.0/../secret.pqt", "/", ".."])
def test_a_location_outside_the_version_is_refused(cache, location):
    cache.plain("asset_basics", "select 'a' as name")
    cache.entries[0]["location"] = location
    cache.write_registry()
    with pytest.raises(RegistryError, match="asset_basics: its location"):
        biodata_cache.asset_basics()


def test_a_root_relative_to_the_current_folder(cache, monkeypatch):
    cache.plain("asset_basics", "select 'a' as name")
    monkeypatch.chdir(cache.root.parent)
    monkeypatch.setenv("BIODATA_CACHE_ROOT", cache.root.name)
    assert len(biodata_cache.asset_basics()) == 1


def test_the_version_decides_which_folder_is_read(cache, monkeypatch):
    cache.plain("asset_basics", "select 'a' as name")
    shutil.copytree(cache.folder, cache.home / "bdc-v0.2")
    cache.folder.joinpath("asset_basics.pqt").unlink()
    monkeypatch.setenv("BIODATA_CACHE_VERSION", "0.2")
    assert len(biodata_cache.asset_basics()) == 1


# What goes wrong ---------------------------------------------------------------------------------


def test_without_a_root_the_error_says_what_to_set(monkeypatch):
    monkeypatch.setenv("BIODATA_CACHE_VERSION", "0.50.0")
    for read in (biodata_cache.asset_basics, biodata_cache.get_cache_versions):
        with pytest.raises(SettingsError, match=r"set BIODATA_CACHE_ROOT .*BACKEND=MEMORY"):
            read()


def test_a_root_on_s3_without_its_extra_says_what_to_install(monkeypatch):
    monkeypatch.setenv("BIODATA_CACHE_VERSION", "0.50.0")
    monkeypatch.setenv("BIODATA_CACHE_ROOT", "s3://bucket/prefix")
    storage = importlib.import_module("biodata_cache._storage")
    for name in ("s3_client", "s3"):
        monkeypatch.delitem(sys.modules, f"biodata_cache._storage.{name}", raising=False)
        monkeypatch.delattr(storage, name, raising=False)
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(MissingDependencyError, match=r"boto3.*'biodata-cache\[s3\]'"):
        biodata_cache.asset_basics()


def test_a_root_without_a_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("BIODATA_CACHE_VERSION", "0.50.0")
    monkeypatch.setenv("BIODATA_CACHE_ROOT", str(tmp_path / "nowhere"))
    with pytest.raises(CacheNotFoundError, match=r"nowhere.*set BIODATA_CACHE_ROOT") as caught:
        biodata_cache.asset_basics()
    assert isinstance(caught.value, FileNotFoundError)


def test_a_version_that_is_not_published_lists_those_that_are(cache, monkeypatch):
    for name in ["bdc-v0.100.0", "bdc-v0.60.0", "custom"]:
        (cache.home / name).mkdir()
        (cache.home / name / "file").touch()
    monkeypatch.setenv("BIODATA_CACHE_VERSION", "9.9")
    with pytest.raises(CacheNotFoundError) as caught:
        biodata_cache.asset_basics()
    message = str(caught.value)
    assert "no bdc-v9.9" in message
    assert "It has bdc-v0.50.0, bdc-v0.60.0, bdc-v0.100.0:" in message
    assert "BIODATA_CACHE_VERSION" in message


def test_a_table_that_is_not_published_offers_the_nearest(cache):
    cache.plain("assets", "select 'a' as name")
    with pytest.raises(TableNotFoundError, match=r"no table 'asset_basics'.*It has assets"):
        biodata_cache.asset_basics()


@pytest.mark.parametrize("content", [b"", b"not parquet", b"PAR1" + b"\0" * 100 + b"PAR1"])
def test_a_damaged_file_is_named(cache, content):
    path = cache.plain("asset_basics", "select 'a' as name")
    path.write_bytes(content)
    with pytest.raises(CacheFileError) as caught:
        biodata_cache.asset_basics()
    assert str(path) in str(caught.value)
    assert "Publish this version again" in str(caught.value)


def test_a_file_damaged_in_the_middle_is_named(cache):
    path = cache.plain("asset_basics", "select 'x' || range as name from range(100000)")
    content = bytearray(path.read_bytes())
    content[20:400] = b"\xff" * 380
    path.write_bytes(content)
    with pytest.raises(CacheFileError, match=r"asset_basics\.pqt"):
        biodata_cache.asset_basics()


def test_a_missing_file_is_named(cache):
    path = cache.plain("asset_basics", "select 'a' as name")
    path.unlink()
    with pytest.raises(CacheFileError, match=r"asset_basics\.pqt is missing") as caught:
        biodata_cache.asset_basics()
    assert isinstance(caught.value, CacheError)


# The world around --------------------------------------------------------------------------------


def test_the_connection_of_the_caller_is_left_alone(cache):
    cache.plain("assets", "select timestamptz '2024-01-01 00:00:00+00:00' as acquisition_start_at")
    duckdb.execute("set TimeZone = 'Asia/Tokyo'")
    try:
        assert biodata_cache.assets()["acquisition_start_at"][0].hour == 0
        assert duckdb.sql("select current_setting('TimeZone')").fetchone() == ("Asia/Tokyo",)
    finally:
        duckdb.execute("reset TimeZone")


def test_threads_read_at_the_same_time(qc_cache):
    with ThreadPoolExecutor(8) as pool:
        tables = list(pool.map(biodata_cache.quality_control, SUBJECTS * 8))
    assert [set(table["subject_id"]) for table in tables] == [{name} for name in SUBJECTS * 8]


def test_reading_leaves_nothing_behind_and_says_nothing(qc_cache, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    before = sorted(os.walk(tmp_path))
    biodata_cache.quality_control()
    assert sorted(os.walk(tmp_path)) == before
    assert capfd.readouterr() == ("", "")


def test_a_new_publication_is_seen_by_the_next_call(cache):
    cache.plain("asset_basics", "select 'a' as name")
    assert biodata_cache.asset_basics()["name"].tolist() == ["a"]
    cache.plain("asset_basics", "select 'b' as name")
    assert biodata_cache.asset_basics()["name"].tolist() == ["b"]


def test_a_file_that_is_replaced_while_it_is_read_is_read_again(cache):
    cache.plain("assets", "select 'a' as name")
    published, result = current_published(), []

    def read(registry):
        with connection(published, published.files(registry["assets"])) as (duck, locations):
            rows = duck.execute("select name from read_parquet(?)", [locations]).fetchall()
            result.append(rows[0][0])
            if len(result) == 1:
                cache.plain("assets", "select 'b' as name")
        return result[-1]

    assert consistently(published, read) == "b"
    assert result == ["a", "b"]


def test_a_file_that_changes_at_each_attempt_is_given_up(cache):
    cache.plain("assets", "select 'a' as name")
    result = []

    def read(registry):
        result.append(registry["assets"].name)
        raise ChangedError(f"changed {len(result)}")

    with pytest.raises(ChangedError, match="changed 3"):
        consistently(current_published(), read, attempts=3)
    assert result == ["assets"] * 3


class OnceGone(CachedStorage):
    """A storage of which each other read finds its local copy removed, as for another's space."""

    requested = 0

    def locations(self, files, *, is_whole=False):
        self.requested += 1
        return ["gone.pqt"] if self.requested % 2 else super().locations(files, is_whole=is_whole)


def test_a_copy_that_is_removed_before_it_is_read_is_made_again(cache):
    cache.plain("assets", "select 'a' as name")
    published = current_published()
    store = OnceGone(published.store.storage)
    opened = replace(published, store=store)
    scanned = Scan(lambda: opened, selection("assets", None, {}))
    for read in (
        scanned.df,
        lambda: _sql.sql(opened, "from assets", None),
        lambda: scanned.duckdb().df(),
    ):
        before = store.requested
        assert read()["name"].tolist() == ["a"]
        assert store.requested == before + 2

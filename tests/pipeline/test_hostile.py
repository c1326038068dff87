"""Bad input never stops a build: it ends as NULL, as the text it stands for, or in data_quality."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hostile import ODD_TEXTS
from hostile_records import HUGE, NO_FOLDERS, hostile_records

import biodata_cache

if TYPE_CHECKING:
    from pathlib import Path

    from whole_runs import Pipeline


@pytest.fixture(scope="module")
def hostile(objects: Pipeline) -> Pipeline:
    """The build of hostile records, among those that point to odd objects."""
    return objects


def one(rows: list[dict[str, Any]]) -> dict[str, Any]:
    (row,) = rows
    return row


def basics(pipeline: Pipeline, record_id: str) -> dict[str, Any]:
    return one(pipeline.read("asset_basics", f"_id = '{record_id}'"))


def test_every_record_is_published(hostile: Pipeline) -> None:
    published = {row["_id"] for row in hostile.read("asset_basics")}
    given = (hostile.folder / "records.jsonl").read_text().splitlines()
    assert published == {json.loads(line)["_id"] for line in given}
    assert published >= {each["_id"] for each in hostile_records()}


def test_wrong_kinds_are_reported_or_missing(hostile: Pipeline) -> None:
    """A project name: texts stand, scalars become text and are reported, the rest is NULL."""
    rows = hostile.read("asset_basics", "_id like 'data_description.project_name-%'")
    values = [row["project_name"] for row in sorted(rows, key=lambda row: int(row["name"][6:]))]
    assert values == [
        None, "0", "-1.5e300", "true", "", "text", None, None, None, None, None, None, None,
    ]  # fmt: skip
    reported = hostile.read(
        "data_quality",
        "record_id like 'data_description.project_name-%' and column_name = 'project_name'",
    )
    assert len(reported) == 10
    assert {row["problem"] for row in reported} == {"wrong kind"}
    assert {row["path"] for row in reported} == {"data_description.project_name"}


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_odd_characters_survive_in_names_and_partitions(
    hostile: Pipeline, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIODATA_CACHE_ROOT", hostile.settings.root)
    metrics = biodata_cache.qc(text)
    assert metrics["subject_id"].unique().tolist() == [text]
    assert metrics["asset_name"].tolist() == [text]
    assert metrics["value"].tolist() == [text]
    assert biodata_cache.qc_tag_status(text)["tag"].tolist() == [text]


def test_a_subject_that_can_be_no_folder_is_counted(hostile: Pipeline) -> None:
    assert NO_FOLDERS
    for number, text in enumerate(NO_FOLDERS):
        assert basics(hostile, f"no-folder-{number}")["subject_id"] == text
        assert not hostile.read("qc", f"asset_id = 'no-folder-{number}'")
        assert not hostile.read("qc_tag_status", f"asset_name = 'no folder {number}'")
        row = one(hostile.read("data_quality", f"record_id = 'no-folder-{number}'"))
        assert (row["table_name"], row["column_name"]) == ("quality_control", "subject_id")
        assert row["problem"] == "no name of a folder"
        assert row["value"] == f"2 metrics, 1 keys of status, {text}"[:200]


def test_every_partition_is_one_file_of_the_right_name(hostile: Pipeline) -> None:
    folders = list((hostile.published / "qc").iterdir())
    assert len(folders) == len({path.name for path in folders}) >= len(ODD_TEXTS)
    assert {tuple(file.name for file in folder.iterdir()) for folder in folders} == {("data.pqt",)}


def test_newest_document_of_an_id_wins_as_an_instant(hostile: Pipeline) -> None:
    assert basics(hostile, "twice")["name"] == "same _id, newer"
    reported = hostile.read("data_quality", "record_id = 'twice'")
    assert [row["problem"] for row in reported] == ["newer document with this _id"] * 2


def test_record_of_a_name_is_the_newest_as_an_instant(hostile: Pipeline) -> None:
    assert len(hostile.read("asset_basics", "name = 'one name'")) == 3
    asset = one(hostile.read("assets", "name = 'one name'"))
    assert (asset["_id"], asset["record_count"]) == ("name-2", 3)


def test_missing_names(hostile: Pipeline) -> None:
    assert basics(hostile, "no-name")["name"] is None
    assert basics(hostile, "number-name")["name"] == "5"
    assert basics(hostile, "object-name")["name"] is None
    problems = {
        (row["record_id"], row["problem"])
        for row in hostile.read("data_quality", "column_name = 'name'")
    }
    assert {
        ("no-name", "no name"),
        ("number-name", "wrong kind"),
        ("object-name", "no name"),
        ("object-name", "wrong kind"),
        ("bare", "no name"),
    } <= problems


def test_bare_record_has_empty_lists_and_nulls(hostile: Pipeline) -> None:
    row = basics(hostile, "bare")
    lists = {key: value for key, value in row.items() if isinstance(value, list)}
    assert set(lists) == {
        "modalities",
        "experimenters",
        "experimenters_normalized",
        "investigators",
        "investigators_normalized",
    }
    assert all(value == [] for value in lists.values())
    assert row["instrument_id_normalized"] == ""
    assert row["code_ocean"] is None
    flags = one(hostile.read("metadata_core", "_id = 'bare'"))
    assert [value for value in flags.values() if isinstance(value, bool)] == [False] * 7


def test_huge_integers_and_other_kinds_of_values(hostile: Pipeline) -> None:
    rows = hostile.read("qc", "asset_id = 'huge'")
    assert [(row["name"], row["value"]) for row in rows] == [
        ("int", str(HUGE)),
        ("nested", f'{{"t":[{HUGE}]}}'),
        ("text", "as it is"),
        ("null", None),
        ("false", "false"),
        ("empty", ""),
    ]


def test_thousands_of_metrics_are_complete_and_in_order(hostile: Pipeline) -> None:
    rows = hostile.read("qc", "asset_id = 'many'")
    assert [row["metric_index"] for row in rows] == list(range(5000))
    assert one(hostile.read("qc_status", "name = 'many metrics'"))["metric_count"] == 5000


def test_time_forms(hostile: Pipeline) -> None:
    rows = hostile.read("asset_basics", "_id like 'time-%'")
    found = {int(row["_id"][5:]): row["acquisition_start_time"] for row in rows}
    assert [found[number] for number in range(len(found))] == [
        "2024-01-31T08:50:58-08:00",
        "2024-01-31T08:50:58.123456-08:00",
        "2024-01-31T08:50:58Z",
        "2024-01-31T08:50:58.123456Z",
        "2024-01-31T08:50:58.123456-08:00",
        "2024-01-31T08:50:58",
        None,
        None,
        None,
        None,
        None,
    ]
    reported = hostile.read("data_quality", "problem = 'not a time' and record_id like 'time-%'")
    assert {row["value"] for row in reported} == {
        "",
        "08:50:58",
        "2024-13-31T08:50:58Z",
        "infinity",
        "2024-01-31T08:50:58 America/Los_Angeles",
    }


def test_cycles_end_without_a_root_and_are_reported(hostile: Pipeline) -> None:
    rows = hostile.read("asset_lineage", "name in ('c1', 'c2', 'c3')")
    assert [(row["name"], row["source_name"], row["root_raw_name"]) for row in rows] == [
        ("c1", "c2", None),
        ("c2", "c1", None),
        ("c3", "c3", None),
    ]
    reported = hostile.read("data_quality", "problem = 'lineage cycle'")
    assert {row["record_id"] for row in reported} == {"cycle-1", "cycle-2", "self"}


@pytest.mark.slow
def test_nothing_at_all_is_published_empty_with_the_full_schema(
    pipeline: Pipeline, objects: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pipeline.folder == tmp_path
    pipeline.run([])
    full = {entry["name"]: entry for entry in objects.registry()}
    empty = {entry["name"]: entry for entry in pipeline.registry()}
    of_others = {name for name in full if name.startswith("platform_dynamic_foraging_")}
    assert of_others
    assert empty.keys() == full.keys() - of_others, "the sample has files of the foraging database"
    monkeypatch.setenv("BIODATA_CACHE_ROOT", pipeline.settings.root)
    by_hand = empty.pop("swdb_collections")
    assert by_hand["row_count"] > 0
    assert by_hand["sha256"] == full["swdb_collections"]["sha256"]
    for name, entry in empty.items():
        assert entry["row_count"] == 0, name
        columns = [column for column in full[name]["columns"] if not column["name"][0].isdigit()]
        assert entry["columns"] == columns, "but for versions of the upgrader, which the data name"
        if not name.startswith("unique_"):
            frame = getattr(biodata_cache, name)()
            assert list(frame.columns) == [column["name"] for column in entry["columns"]]
            assert frame.empty
    platforms = sorted(path.name for path in (pipeline.published / "platform_qc").iterdir())
    assert len(platforms) == 7

"""Tables that need more than the records: from objects, copied tables and v1 records to readers."""

from __future__ import annotations

import json
import os
import pickle
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from hostile import ODD_TEXTS, record
from odd_objects import (
    ODD_VERSIONS,
    OPEN,
    REAL,
    STATE,
    WRONG,
    behavior,
    real_objects,
    state,
    upgraded,
)
from whole_runs import Pipeline

import biodata_cache
from biodata_cache._core.settings import values as _settings
from biodata_cache._pipeline.dbt.build import build
from biodata_cache._pipeline.extract_stage import run_extract
from extract.objects.foraging import BUCKET, KEY

if TYPE_CHECKING:
    from pathlib import Path


def test_stitched_descendant_by_way_of_another(objects: Pipeline) -> None:
    rows = objects.read("platform_smartspim", "raw_name = 'raw'")
    assert {row["name"] for row in rows} == {"raw_flat_stitched_2024-01-02_00-00-00"}
    channels = {text for text in ODD_TEXTS if "/" not in text and text not in {".", ".."}}
    assert {row["channel"] for row in rows} == channels
    assert {row["raw_link"] for row in rows} == {"x/SPIM/derivatives/y"}
    for row in rows:
        assert f"/image_cell_segmentation/{row['channel']}/" in row["segmentation_link"]


def test_exaspim_is_recognized_by_its_instrument(objects: Pipeline) -> None:
    (row,) = objects.read("platform_exaspim")
    assert row == {
        "name": "exa_fused_2024-01-01_00-00-00",
        "raw_name": "exa",
        "processed": True,
        "raw_link": f"https://neuroglancer-demo.appspot.com/#!s3://{OPEN}/exa/process_output.json",
        "fused_link": None,
    }
    names = {row["raw_name"] for row in objects.read("platform_smartspim")}
    assert {"hexa", "no acquisition"} <= names
    assert "exa" not in names


def test_odd_trainer_states_are_read_or_reported(objects: Pipeline) -> None:
    rows = {row["asset_name"]: row for row in objects.read("behavior_curriculum")}
    assert rows["large"] == {
        "asset_name": "large", "curriculum_name": "Large", "stage_name": "one", "stage_node_id": 0,
    }  # fmt: skip
    assert rows["none"]["curriculum_name"] is None
    assert rows["private"]["curriculum_name"] is None
    assert rows["repeated keys"]["stage_name"] == "a"
    assert rows["repeated keys"]["stage_node_id"] == 0
    reported = objects.read("data_quality", "table_name = 'behavior_curriculum'")
    # The fourth holds NaN, which DuckDB takes for a number.
    broken = [(f"broken {number}", STATE) for number in (0, 1, 2, 4, 5)]
    whole = [(f"whole {number}", f"{STATE} $") for number in (1, 2, 3, 4, 5, 6, 8, 9)]
    both = ["curriculum", "stage"]
    deep = ["curriculum.name", "curriculum.graph.nodes"]
    parts = {
        1: deep, 2: both, 3: deep, 4: both, 5: deep[1:], 6: both, 7: deep[:1], 8: both,
        9: [*deep, f"{deep[1]}[0]"], 10: ["stage"], 11: [deep[0], f"{deep[1]}.name"],
    }  # fmt: skip
    told = [(f"part {number}", f"{STATE} $.{path}") for number in parts for path in parts[number]]
    assert sorted((row["name"], row["path"]) for row in reported) == sorted(broken + whole + told)
    assert {row["problem"] for row in reported if row["path"] == STATE} == {
        "not JSON",
        "not UTF-8 text",
    }


def test_odd_links_are_reported(objects: Pipeline) -> None:
    rows = {row["raw_name"]: row["raw_link"] for row in objects.read("platform_smartspim")}
    assert [rows[f"link {number}"] for number in range(6)] == [
        None,
        "5",
        "-1.5",
        "true",
        "",
        "text",
    ]
    reported = objects.read("data_quality", "column_name = 'raw_link'")
    told = {row["name"]: row["problem"] for row in reported}
    assert len(reported) == len(told) == len(WRONG) - 2
    assert told.pop("link 0") == "no link"
    assert set(told.values()) == {"wrong kind"}


def test_foraging_sessions_of_an_odd_frame(objects: Pipeline) -> None:
    columns = [
        "subject_id", "session_date", "session", "nwb_suffix", "rig", "trainer_normalized",
        "curriculum_name", "foraging_eff", "finished_trials",
    ]  # fmt: skip
    rows = objects.read("foraging_sessions")
    assert [tuple(row[column] for column in columns) for row in rows] == [
        ("451", "2024-01-31", 1, 93011, None, "Jane Doe", "None", 0.5, 100),
        ("451", "2024-01-31", 2, None, None, "", None, None, None),
        ("452", "2024-02-01", 1, 0, None, "X", "C", 0.25, 4),
        ("452", "2024-02-02", 2, 1, None, "Y", "C", 1.0, 5),
    ]
    reported = objects.read("data_quality", "table_name = 'foraging_sessions'")
    assert sorted((row["path"], row["value"]) for row in reported) == [
        ("row 2 of the source", "none"),
        ("row 3 of the source", "3.5"),
        ("row 3 of the source", "452 2024-02-01 1 0"),
    ]


def test_files_of_the_foraging_database_are_published_as_they_are(
    objects: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIODATA_CACHE_ROOT", objects.settings.root)
    sessions = biodata_cache.platform_dynamic_foraging_sessions()
    assert list(sessions.columns)[-4:] == ['a "new" list', "Struct", "select", "at"]
    rows = objects.read("platform_dynamic_foraging_sessions")
    columns = ["_session_id", "subject_id", "session_date", "total_trials", "ignored_trials"]
    assert [tuple(row[column] for column in columns) for row in rows] == [
        ("6", "451", "2024-01-31", None, None),
        ("7", "451", "2024-01-31", 101, 3),
    ]
    assert [row['a "new" list'] for row in rows] == [[1, 2], [1, 2]]
    assert [row["Struct"]["x"] for row in rows] == [6, 7]
    (entry,) = (
        each for each in objects.registry() if each["name"] == "platform_dynamic_foraging_sessions"
    )
    types = {column["name"]: column["type"] for column in entry["columns"]}
    assert types["autowater_collected"] == "DOUBLE"
    assert types["select"] == "DECIMAL(9,2)"
    trials = biodata_cache.platform_dynamic_foraging_trials
    assert trials(451)["trial"].to_list() == [0, 1]
    assert trials(451)["position"].isna().to_list() == [False, True]
    assert trials(["451", "7"], columns=["trial"], trial=(1, None))["trial"].to_list() == [1, 3]
    assert set(objects.partitions("platform_dynamic_foraging_trials")) == {"451", "7"}
    assert set(objects.partitions("platform_dynamic_foraging_events")) == {"a/b", ".."}
    assert len(biodata_cache.platform_dynamic_foraging_events("a/b")) == 1
    reported = objects.read("data_quality", "table_name like 'platform_dynamic_foraging%'")
    assert sorted((row["path"], row["problem"], row["value"]) for row in reported) == [
        ("row 1 of the source", "not a whole number", "a"),
        ("row 1 of the source", "session stands again later", "7 451 2024-01-31"),
        ("row 3 of the source", "no session", "451 2024-01-31"),
        ("row 3 of the source, and others", "no subject", "1 events"),
        ("row 3 of the source, and others", "no subject", "1 trials"),
        ("row 4 of the source", "not a whole number", "1.5"),
        ("row 4 of the source, and others", "no name of a folder", "1 events"),
    ]


def test_a_hostile_frame_runs_nothing_and_leaves_the_table_as_it_was(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    class Hostile:
        def __reduce__(self) -> object:
            return os.system, (f"touch {tmp_path / 'touched'}",)

    pipeline.put(BUCKET, KEY, pickle.dumps(Hostile()))
    pipeline.extract([behavior("a")])
    assert not (tmp_path / "touched").exists()
    lake = pipeline.settings.work / "raw/foraging_sessions"
    (empty,) = (pq.read_table(path) for path in lake.glob("*.parquet"))
    assert empty.num_rows == 0
    assert {"subject_id", "session_stats/foraging_eff"} <= {*empty.column_names}


@pytest.mark.slow
def test_nights_of_objects_and_of_upgrades(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nights of one work folder: objects and upgrades change in the same ones."""
    pipeline = Pipeline(tmp_path)
    monkeypatch.setenv("BIODATA_CACHE_ROOT", pipeline.settings.root)
    pipeline.put(OPEN, f"gone/{STATE}", state("C", "s", {"0": {"name": "s"}}))
    pipeline.put(OPEN, f"stays/{STATE}", state("C", "s", {"0": {"name": "s"}}))
    described = {"project_name": "Old", "data_level": "raw data"}
    pipeline.put_v1({"_id": "v1-2", "name": "v1 asset", "data_description": described})
    pipeline.put_upgrades([upgraded(0, "0.14.3"), upgraded(1, "0.14.3", "failed")])
    # What a new asset does not have is probed again every night.
    late = behavior("late", _created=datetime.now(timezone.utc).isoformat())
    records = [*(record(f"r{number}", f"asset {number}") for number in range(3)), late]
    records.append(behavior("stays"))
    pipeline.run([*records, behavior("gone")])
    no_foraging_database_is_configured(pipeline)
    pipeline.put(OPEN, f"late/{STATE}", state("New", "s", {"3": {"name": "s"}}))
    pipeline.put(OPEN, f"stays/{STATE}", state("changed, which they never are", "s", {}))
    pipeline.put_upgrades(
        [upgraded(0, "0.14.3"), upgraded(1, "0.14.10"), upgraded(2, "0.14.10", "failed")]
    )
    assert states(pipeline) == [("gone", "C", 0), ("stays", "C", 0)]
    pipeline.run(records)
    assert states(pipeline) == [("late", "New", 3), ("stays", "C", 0)]
    columns_of_upgrader_versions_survive(pipeline, records)


def no_foraging_database_is_configured(pipeline: Pipeline) -> None:
    names = {entry["name"] for entry in pipeline.registry()}
    assert not {name for name in names if name.startswith("platform_dynamic_foraging_")}
    assert (pipeline.published / "foraging_sessions.pqt").exists()
    assert not list(pipeline.published.glob("platform_dynamic_foraging_*"))


def states(pipeline: Pipeline) -> list[tuple[Any, ...]]:
    """Assets that have a curriculum, and their stage of it."""
    rows = pipeline.read("behavior_curriculum", "curriculum_name is not null")
    return [(row["asset_name"], row["curriculum_name"], row["stage_node_id"]) for row in rows]


def columns_of_upgrader_versions_survive(pipeline: Pipeline, records: list[dict[str, Any]]) -> None:
    """After one of new versions, a night without the table, another lake, another version."""
    frame = biodata_cache.metadata_upgrade()
    assert list(frame.columns)[:9] == [
        "_id", "name", "project_name", "data_level", "v2_id", "upgrader_version", "last_modified",
        "status", "upgrade_datetime",
    ]  # fmt: skip
    wanted = {
        "v1-0": ("asset 0", "Project", "success", None, "success"),
        "v1-1": ("asset 1", "Project", "success", "success", "failed"),
        "v1-2": ("v1 asset", "Old", "failed", "failed", None),
    }
    columns = ["name", "project_name", "status", "0.14.10", "0.14.3"]

    def found(folder: Path) -> dict[str, tuple[Any, ...]]:
        rows = pq.read_table(folder / "metadata_upgrade.pqt").to_pylist()
        return {row["_id"]: tuple(row[name] for name in columns) for row in rows}

    assert found(pipeline.published) == wanted
    (entry,) = (entry for entry in pipeline.registry() if entry["name"] == "metadata_upgrade")
    described_columns = {column["name"]: column for column in entry["columns"]}
    assert described_columns["0.14.3"]["type"] == "VARCHAR"
    assert "upgrader" in described_columns["0.14.3"]["description"]
    sidecar = json.loads((pipeline.published / "metadata_upgrade.json").read_text())
    assert sidecar["columns"] == list(frame.columns)
    # A night without the custom table: what was read of it stays.
    custom = pipeline.published.parent / "custom/metadata_upgrade_status_prod.pqt"
    kept = custom.rename(custom.with_suffix(".kept"))
    pipeline.run(records)
    assert found(pipeline.published) == wanted
    kept.rename(custom)
    pipeline.run(records)
    assert found(pipeline.published) == wanted
    # Another version of this package builds for a folder of its own, from a lake of its own.
    pipeline.published.rename(pipeline.published.parent / "bdc-v0.0.9")
    other = pipeline.folder / "work"
    other.rename(pipeline.folder / "old work")
    pipeline.extract(records)
    build(
        pipeline.settings,
        selection=["--select", "+metadata_upgrade", "--indirect-selection", "cautious"],
    )
    assert found(pipeline.area) == wanted


def test_an_odd_upgrader_stops_nothing(objects: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = objects.read("metadata_upgrade")
    assert len(rows) == len(ODD_VERSIONS)
    columns = [
        "_id", "name", "project_name", "data_level", "v2_id", "upgrader_version", "last_modified",
        "status", "upgrade_datetime", "0.1", "0.1rc",
    ]  # fmt: skip
    assert list(rows[0]) == columns
    of_upgrades = "table_name = 'metadata_upgrade' and record_id is distinct from 'v1-odd'"
    assert len(objects.read("data_quality", of_upgrades)) == 6
    (entry,) = (entry for entry in objects.registry() if entry["name"] == "metadata_upgrade")
    described = {column["name"]: column for column in entry["columns"]}
    assert described["0.1rc"]["type"] == "VARCHAR"
    assert "upgrader" in described["0.1rc"]["description"]
    sidecar = json.loads((objects.published / "metadata_upgrade.json").read_text())
    assert sidecar["columns"] == columns
    monkeypatch.setenv("BIODATA_CACHE_ROOT", objects.settings.root)
    assert list(biodata_cache.metadata_upgrade().columns) == columns


def test_record_consistency(objects: Pipeline) -> None:
    known = "record_id in ('1', '2', '3', '4', 'v1-a', 'v1-b')"
    rows = objects.read("record_consistency", known)
    assert [tuple(row.values()) for row in rows] == [
        ("duplicate_name_v2", "1", "a", "2 records have this name"),
        ("duplicate_name_v2", "2", "a", "2 records have this name"),
        ("location_missing", "3", "c", "the record has no location"),
        ("location_missing", "4", None, "the record has no location"),
        ("source_not_found", "3", "c", "y, z"),
        ("v1_name_missing_in_v2", "v1-b", "b", "s3://x"),
    ]


def test_every_check_judges_every_record_of_its_version(objects: Pipeline) -> None:
    results = objects.read("record_consistency_results")
    failed = {(row["check_key"], row["record_id"]) for row in results if row["status"] == "fail"}
    rows = objects.read("record_consistency")
    assert failed == {(row["check"], row["record_id"]) for row in rows}
    count = len(objects.read("asset_basics"))
    checks = objects.read("record_consistency_checks")
    for check in checks:
        judged = [row for row in results if row["check_key"] == check["check_key"]]
        assert check["evaluated_count"] == len(judged)
        assert check["source"] == f"docdb_{judged[0]['record_kind']}"
        assert check["source"] == "docdb_v1" or len(judged) == count
    assert sum(check["failed_count"] for check in checks) == len(rows)


def test_an_odd_record_of_version_1_stops_nothing_and_is_reported(objects: Pipeline) -> None:
    """It was not upgraded, so that no record of version 2 is the one that its rows name."""
    reported = objects.read("data_quality", "record_id = 'v1-odd'")
    assert {row["path"] for row in reported if row["table_name"] == "metadata_upgrade"} == {
        "data_description.data_level", "data_description.project_name",
    }  # fmt: skip
    assert {row["path"] for row in reported if row["table_name"] != "metadata_upgrade"} == {
        "location", "_last_modified",
    }  # fmt: skip
    (row,) = objects.read("record_consistency_results", "record_id = 'v1-odd'")
    assert row["record_last_modified"] is None


@pytest.mark.skipif(not REAL.exists(), reason="the real records are not here")
def test_real_trainer_states_and_links(objects: Pipeline) -> None:
    states, links = real_objects("trainer_state"), real_objects("neuroglancer")
    assert states
    assert links
    rows = {row["asset_name"]: row for row in objects.read("behavior_curriculum")}
    for number, path in enumerate(states):
        real, row = json.loads(path.read_text()), rows[f"real state {number}"]
        curriculum, stage = real["curriculum"] or {}, real["stage"] or {}
        nodes = (curriculum.get("graph") or {}).get("nodes", {})
        ids = [int(key) for key, node in nodes.items() if node["name"] == stage.get("name")]
        assert row["curriculum_name"] == curriculum.get("name"), path.name
        assert row["stage_name"] == stage.get("name"), path.name
        assert row["stage_node_id"] == min(ids, default=None), path.name
    shown = {row["raw_name"]: row["raw_link"] for row in objects.read("platform_smartspim")}
    assert [shown[f"real link {number}"] for number in range(len(links))] == [
        json.loads(path.read_text())["ng_link"] for path in links
    ]
    assert objects.read("data_quality", "name like 'real %' and column_name = 'raw_link'") == []


def test_extract_alone_says_what_it_did(pipeline: Pipeline) -> None:
    pipeline.put(OPEN, f"a/{STATE}", "{}")
    (pipeline.folder / "a.jsonl").write_text(json.dumps(behavior("a")) + "\n")
    settings = _settings.load(
        source=str(pipeline.folder / "a.jsonl"), work=str(pipeline.folder / "work"),
        objects=pipeline.objects,
    )  # fmt: skip
    told: list[tuple[str, int]] = []
    outcome = run_extract(settings, lambda stage, done, *_: told.append((stage, done)))
    assert outcome.objects is not None
    assert outcome.objects.found == {"trainer_states": 1}
    assert (outcome.sessions, outcome.sessions_missing) == (None, "no such bucket")
    assert told[-1] == ("objects", 1)

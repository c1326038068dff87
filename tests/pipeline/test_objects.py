"""Tables that need more than the records: from objects, copied tables and v1 records to readers."""

from __future__ import annotations

import json
import os
import pickle
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hostile import ODD_TEXTS, record
from odd_objects import OPEN, STATE, WRONG, behavior, spim, state
from whole_runs import Pipeline

import biodata_cache
from biodata_cache._core.settings import values as _settings
from biodata_cache._pipeline.extract_stage import run_extract
from extract.objects.foraging import BUCKET, KEY

REAL = Path(__file__).parents[2] / "../shared/records"


def test_stitched_descendant_by_way_of_another(objects: Pipeline) -> None:
    rows = objects.read("platform_smartspim", "raw_name = 'raw'")
    assert {row["name"] for row in rows} == {"raw_flat_stitched_2024-01-02_00-00-00"}
    channels = {text for text in ODD_TEXTS if "/" not in text and text not in {".", ".."}}
    assert {row["channel"] for row in rows} == channels
    assert {row["raw_link"] for row in rows} == {"x/SPIM/derivatives/y"}
    for row in rows:
        assert f"/image_cell_segmentation/{row['channel']}/" in row["segmentation_link"]


def test_exaspim_is_told_by_its_instrument(objects: Pipeline) -> None:
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


@pytest.mark.slow
def test_a_second_night_publishes_the_same_bytes(objects: Pipeline) -> None:
    before = objects.snapshot()
    assert objects.run(str(objects.folder / "records.jsonl")).written == 0
    assert objects.snapshot() == before


@pytest.mark.slow
def test_assets_that_are_gone_leave_and_new_states_come(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path)
    pipeline.put(OPEN, f"gone/{STATE}", state("C", "s", {"0": {"name": "s"}}))
    pipeline.put(OPEN, f"stays/{STATE}", state("C", "s", {"0": {"name": "s"}}))
    pipeline.run([behavior("gone"), behavior("stays"), behavior("late")])
    pipeline.put(OPEN, f"late/{STATE}", state("New", "s", {"3": {"name": "s"}}))
    pipeline.put(OPEN, f"stays/{STATE}", state("changed, which they never are", "s", {}))
    pipeline.run([behavior("stays"), behavior("late")])
    rows = pipeline.read("behavior_curriculum")
    assert [(row["asset_name"], row["curriculum_name"], row["stage_node_id"]) for row in rows] == [
        ("late", "New", 3),
        ("stays", "C", 0),
    ]


@pytest.mark.slow
def test_foraging_sessions_of_an_odd_frame(tmp_path: Path) -> None:
    """Ids that are numbers, dates that are times, repeated sessions, a column that is missing."""
    pipeline = Pipeline(tmp_path)
    frame = pd.DataFrame(
        {
            ("metadata", "user_name"): ["jane.doe", None, "Zo\u00eb M\u00fcller", "x", "y"],
            ("auto_train", "curriculum_name"): ["None", None, "C", "C", "C"],
            ("session_stats", "finished_trials"): [100.0, float("nan"), 3.5, 4.0, 5.0],
            ("session_stats", "foraging_eff"): ["0.5", "none", None, 0.25, 1],
        },
        index=pd.MultiIndex.from_arrays(
            [
                [451, 451, 452, 452, 452],
                pd.to_datetime(["2024-01-31"] * 2 + ["2024-02-01"] * 2 + ["2024-02-02"]),
                [1, 2, 1, 1, 2],
                [93011.0, float("nan"), 0, 0, 1],
            ],
            names=["subject_id", "session_date", "session", "nwb_suffix"],
        ),
    )
    frame.columns = pd.MultiIndex.from_tuples(frame.columns)
    pipeline.put(BUCKET, KEY, pickle.dumps(frame))
    pipeline.run([])
    columns = [
        "subject_id", "session_date", "session", "nwb_suffix", "rig", "trainer_normalized",
        "curriculum_name", "foraging_eff", "finished_trials",
    ]  # fmt: skip
    rows = pipeline.read("foraging_sessions")
    assert [tuple(row[column] for column in columns) for row in rows] == [
        ("451", "2024-01-31", 1, 93011, None, "Jane Doe", "None", 0.5, 100),
        ("451", "2024-01-31", 2, None, None, "", None, None, None),
        ("452", "2024-02-01", 1, 0, None, "X", "C", 0.25, 4),
        ("452", "2024-02-02", 2, 1, None, "Y", "C", 1.0, 5),
    ]
    reported = pipeline.read("data_quality")
    assert sorted((row["path"], row["value"]) for row in reported) == [
        ("row 2 of the source", "none"),
        ("row 3 of the source", "3.5"),
        ("row 3 of the source", "452 2024-02-01 1 0"),
    ]


@pytest.mark.slow
def test_a_hostile_frame_runs_nothing_and_costs_its_table_only(tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self) -> object:
            return os.system, (f"touch {tmp_path / 'touched'}",)

    pipeline = Pipeline(tmp_path)
    pipeline.put(BUCKET, KEY, pickle.dumps(Hostile()))
    pipeline.run([])
    assert pipeline.read("foraging_sessions") == []
    assert not (tmp_path / "touched").exists()


def upgraded(number: int, version: str, status: str = "success", **more: Any) -> dict[str, Any]:
    return {
        "v1_id": f"v1-{number}",
        "v2_id": f"r{number}" if status == "success" else None,
        "upgrader_version": version,
        "last_modified": "2025-01-01T00:00:00.000000",
        "status": status,
    } | more


@pytest.mark.slow
def test_columns_of_upgrader_versions_survive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Night after night: new versions, a night without the table, another lake, another version."""
    pipeline = Pipeline(tmp_path)
    monkeypatch.setenv("BIODATA_CACHE_ROOT", pipeline.settings.root)
    records = [record(f"r{number}", f"asset {number}") for number in range(3)]
    described = {"project_name": "Old", "data_level": "raw data"}
    pipeline.put_v1({"_id": "v1-2", "name": "v1 asset", "data_description": described})
    pipeline.put_upgrades([upgraded(0, "0.14.3"), upgraded(1, "0.14.3", "failed")])
    pipeline.run(records)
    pipeline.put_upgrades(
        [upgraded(0, "0.14.3"), upgraded(1, "0.14.10"), upgraded(2, "0.14.10", "failed")]
    )
    pipeline.run(records)
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

    def found() -> dict[str, tuple[Any, ...]]:
        return {
            row["_id"]: tuple(row[name] for name in columns)
            for row in pipeline.read("metadata_upgrade")
        }

    assert found() == wanted
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
    assert found() == wanted
    kept.rename(custom)
    pipeline.run(records)
    assert found() == wanted
    # Another version of this package publishes to a folder of its own, from a lake of its own.
    pipeline.published.rename(pipeline.published.parent / "bdc-v0.0.9")
    other = pipeline.folder / "work"
    other.rename(pipeline.folder / "old work")
    pipeline.run(records)
    assert found() == wanted


@pytest.mark.slow
def test_an_odd_upgrader_stops_nothing(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path)
    versions = ["status", "_id", "", "0.1 or so", "0.1", "0.1RC", 'a"b', "9" * 80]
    pipeline.put_upgrades(upgraded(number, version) for number, version in enumerate(versions))
    pipeline.run([])
    rows = pipeline.read("metadata_upgrade")
    assert len(rows) == len(versions)
    assert list(rows[0])[9:] == ["0.1", "0.1rc"]
    reported = pipeline.read("data_quality", "table_name = 'metadata_upgrade'")
    assert len(reported) == 6


@pytest.mark.slow
def test_record_consistency(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path)
    pipeline.put_v1(
        {"_id": "v1-a", "name": "a"},
        {"_id": "v1-b", "name": "b", "location": "s3://x"},
        {"_id": "v1-odd", "name": ["a"], "location": 5, "_last_modified": "soon"},
    )
    derived = {"data_level": "derived", "source_data": ["a", "z", "y"]}
    pipeline.run(
        [
            record("1", "a"),
            record("2", "a", location=" "),
            record("3", "c", location="/", data_description=derived),
            record("4", None, location=None),
        ]
    )
    rows = pipeline.read("record_consistency")
    assert [tuple(row.values()) for row in rows] == [
        ("duplicate_name_v2", "1", "a", "2 records have this name"),
        ("duplicate_name_v2", "2", "a", "2 records have this name"),
        ("location_missing", "3", "c", "the record has no location"),
        ("location_missing", "4", None, "the record has no location"),
        ("source_not_found", "3", "c", "y, z"),
        ("v1_name_missing_in_v2", "v1-b", "b", "s3://x"),
    ]
    results = pipeline.read("record_consistency_results")
    failed = {(row["check_key"], row["record_id"]) for row in results if row["status"] == "fail"}
    assert failed == {(row["check"], row["record_id"]) for row in rows}
    kinds = Counter(row["record_kind"] for row in results)
    assert kinds == {"v1": 3, "v2": 4 * 16}
    checks = pipeline.read("record_consistency_checks")
    assert {row["check_key"] for row in checks} == {row["check_key"] for row in results}
    assert sum(row["failed_count"] for row in checks) == len(rows)
    odd = pipeline.read("data_quality", "record_id = 'v1-odd'")
    assert {row["path"] for row in odd} == {"name", "location", "_last_modified"}


@pytest.mark.skipif(not REAL.exists(), reason="the real records are not here")
@pytest.mark.slow
def test_real_trainer_states_and_links(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path)
    states = sorted((REAL / "trainer_state").glob("*.json"))
    links = sorted((REAL / "neuroglancer").glob("*.json"))
    records = [behavior(f"state {number}") for number in range(len(states))]
    records += [spim(f"link {number}") for number in range(len(links))]
    for number, path in enumerate(states):
        pipeline.put(OPEN, f"state {number}/{STATE}", path.read_bytes())
    for number, path in enumerate(links):
        pipeline.put(
            OPEN, f"link {number}/SPIM/derivatives/neuroglancer_config.json", path.read_bytes()
        )
    pipeline.run(records)
    rows = {row["asset_name"]: row for row in pipeline.read("behavior_curriculum")}
    for number, path in enumerate(states):
        real, row = json.loads(path.read_text()), rows[f"state {number}"]
        curriculum, stage = real["curriculum"] or {}, real["stage"] or {}
        nodes = (curriculum.get("graph") or {}).get("nodes", {})
        ids = [int(key) for key, node in nodes.items() if node["name"] == stage.get("name")]
        assert row["curriculum_name"] == curriculum.get("name"), path.name
        assert row["stage_name"] == stage.get("name"), path.name
        assert row["stage_node_id"] == min(ids, default=None), path.name
    shown = {row["raw_name"]: row["raw_link"] for row in pipeline.read("platform_smartspim")}
    assert [shown[f"link {number}"] for number in range(len(links))] == [
        json.loads(path.read_text())["ng_link"] for path in links
    ]
    assert pipeline.read("data_quality", "table_name = 'behavior_curriculum'") == []


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

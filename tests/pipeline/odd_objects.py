"""Every odd thing that a store of objects can hold, and records that point to it."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from hostile import ODD_TEXTS, record

from extract.objects.foraging import BUCKET, KEY

if TYPE_CHECKING:
    from whole_runs import Pipeline

LINK = "SPIM/derivatives/neuroglancer_config.json"
OPEN = "aind-open-data"
STATE = "behavior/trainer_state.json"
REAL = Path(__file__).parents[2] / "../shared/records"
"""Real trainer states and links, where they are."""


def spim(name: str, level: str = "raw", sources: Any = None, **more: Any) -> dict[str, Any]:
    described = {
        "data_level": level,
        "modalities": [{"abbreviation": "SPIM"}],
        "source_data": sources,
        "institution": {"abbreviation": "AIND"},
    }
    parts = {"data_description": described, "location": f"s3://{OPEN}/{name}"}
    return record(name, name, **(parts | more))


def behavior(name: str, **more: Any) -> dict[str, Any]:
    return record(name, name, **({"location": f"s3://{OPEN}/{name}"} | more))


def state(curriculum: Any, stage: Any, nodes: Any) -> str:
    graph = {"nodes": nodes, "graph": {}}
    named = {"name": curriculum, "graph": graph} if curriculum else curriculum
    return json.dumps({"curriculum": named, "stage": {"name": stage} if stage else stage})


WRONG = [None, 5, -1.5, True, "", "text", [], {}, [None], [{}], {"": None}, {"name": {"a": []}}]


def put_odd_objects(pipeline: Pipeline) -> list[dict[str, Any]]:
    """Put the objects where the pipeline looks for them; the records that point to them."""
    records = [
        spim("raw"),
        spim("raw_flat_2024-01-01_00-00-00", "derived", ["raw"]),
        spim("raw_flat_stitched_2024-01-02_00-00-00", "derived", ["raw_flat_2024-01-01_00-00-00"]),
        spim("raw_stitched_2024-01-01_23-00-00", "derived", ["raw"]),
        spim("exa", acquisition={"instrument_id": "440_exa-SPIM1_20240611"}),
        spim("exa_fused_2024-01-01_00-00-00", "derived", ["exa"], location=None),
        spim("hexa", acquisition={"instrument_id": "HexaRig1"}, location="nowhere"),
        spim("no acquisition", acquisition=None, location=f"s3://{OPEN}"),
        behavior("none"),
        behavior("large"),
        behavior("private", location="s3://aind-private-data/private"),
        behavior("repeated keys"),
    ]
    pipeline.put(
        OPEN, "raw/SPIM/derivatives/neuroglancer_config.json", '{"ng_link": "x/derivatives/y"}'
    )
    for channel in ODD_TEXTS:
        if "/" not in channel and channel not in {".", ".."}:
            folder = "raw_flat_stitched_2024-01-02_00-00-00/image_cell_segmentation"
            pipeline.put(OPEN, f"{folder}/{channel}/x.json", "{}")
    pipeline.put(OPEN, "exa/process_output.json", "{}")
    padding = {"0": {"name": "one", "padding": "x" * 2_000_000}}
    pipeline.put(OPEN, f"large/{STATE}", state("Large", "one", padding))
    pipeline.put("aind-private-data", f"private/{STATE}", state("Private", "one", {}))
    pipeline.put(
        OPEN,
        f"repeated keys/{STATE}",
        '{"stage": {"name": "a"}, "stage": {"name": "b"}, "curriculum": {"name": "c", "graph": '
        '{"nodes": {"0": {"name": "a"}, "0": {"name": "b"}, "00": {"name": "a"}}}}}',
    )
    for number, wrong in enumerate(WRONG):
        whole, part = f"whole {number}", f"part {number}"
        records += [behavior(whole), behavior(part), spim(f"link {number}")]
        pipeline.put(OPEN, f"{whole}/{STATE}", json.dumps(wrong))
        nested = {"curriculum": wrong, "stage": wrong}
        if number % 2:
            nested = {
                "curriculum": {"name": wrong, "graph": {"nodes": wrong}},
                "stage": {"name": "s"},
            }
        pipeline.put(OPEN, f"{part}/{STATE}", json.dumps(nested))
        link = json.dumps({"ng_link": wrong})
        pipeline.put(OPEN, f"link {number}/{LINK}", link)
    for number, broken in enumerate(["", "{", "\x00", '{"a": NaN}', b"\xff\xfe", b"\x80\x04N."]):
        records.append(behavior(f"broken {number}"))
        pipeline.put(OPEN, f"broken {number}/{STATE}", broken)
    _put_odd_sessions(pipeline)
    _put_odd_database(pipeline)
    pipeline.put_upgrades(upgraded(*each) for each in enumerate(ODD_VERSIONS))
    return [*records, *_put_real_objects(pipeline), *_put_inconsistent_records(pipeline)]


def _put_odd_sessions(pipeline: Pipeline) -> None:
    """Ids that are numbers, dates that are times, repeated sessions, a column that is missing."""
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


ODD_VERSIONS = ("status", "_id", "", "0.1 or so", "0.1", "0.1RC", 'a"b', "9" * 80)


def upgraded(number: int, version: str, status: str = "success", **more: Any) -> dict[str, Any]:
    """A row of the table that the metadata upgrader keeps."""
    return {
        "v1_id": f"v1-{number}",
        "v2_id": f"r{number}" if status == "success" else None,
        "upgrader_version": version,
        "last_modified": "2025-01-01T00:00:00.000000",
        "status": status,
    } | more


def _put_odd_database(pipeline: Pipeline) -> None:
    """Ids that are numbers, repeated sessions, columns that are missing, and any others."""
    pipeline.put_foraging(
        "sessions",
        """
        select
            _session_id,
            451 as subject_id,
            timestamp '2024-01-31 09:30:11' as session_date,
            total_trials,
            ignored_trials,
            [1, 2] as "a ""new"" list",
            {'x': _session_id} as Struct,
            1.50::decimal(9, 2) as "select",
            timestamptz '2024-01-31 09:30:11+01' as "at"
        from (values (7, 100.0, 'a'), (7, 101.0, '3'), (null, 1.0, '4'), (6, 1.5, null))
            as odd (_session_id, total_trials, ignored_trials)
        """,
    )
    pipeline.put_foraging(
        "trials",
        "select * from (values (451, 0, 'x'), (451, 1, null), (null, 2, 'y'), (7, 3, 'z')) "
        "as odd (subject_id, trial, position)",
    )
    pipeline.put_foraging(
        "events",
        "select subject_id, 1 as number from "
        "(values ('a/b'), ('..'), (''), (repeat('x', 201))) as odd (subject_id)",
    )


def _put_real_objects(pipeline: Pipeline) -> list[dict[str, Any]]:
    """Records with the real trainer states and links, if they are here."""
    records = []
    for number, path in enumerate(real_objects("trainer_state")):
        records.append(behavior(f"real state {number}"))
        pipeline.put(OPEN, f"real state {number}/{STATE}", path.read_bytes())
    for number, path in enumerate(real_objects("neuroglancer")):
        records.append(spim(f"real link {number}"))
        pipeline.put(OPEN, f"real link {number}/{LINK}", path.read_bytes())
    return records


def real_objects(folder: str) -> list[Path]:
    """The files with them, in order."""
    return sorted((REAL / folder).glob("*.json"))


def _put_inconsistent_records(pipeline: Pipeline) -> list[dict[str, Any]]:
    """Records of both versions that do not go together."""
    pipeline.put_v1(
        {"_id": "v1-a", "name": "a"},
        {"_id": "v1-b", "name": "b", "location": "s3://x"},
        {
            "_id": "v1-odd",
            "name": "a",
            "location": 5,
            "_last_modified": "soon",
            "data_description": {"data_level": ["raw"], "project_name": {"a": 1}},
        },
    )
    derived = {"data_level": "derived", "source_data": ["a", "z", "y"]}
    return [
        record("1", "a"),
        record("2", "a", location=" "),
        record("3", "c", location="/", data_description=derived),
        record("4", None, location=None),
    ]

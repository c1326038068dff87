"""Every odd thing that a store of objects can hold, and records that point to it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hostile import ODD_TEXTS, record

if TYPE_CHECKING:
    from whole_runs import Pipeline

LINK = "SPIM/derivatives/neuroglancer_config.json"
OPEN = "aind-open-data"
STATE = "behavior/trainer_state.json"


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
    return records

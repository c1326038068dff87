"""What the object store holds of the sample's assets: links, channels, trainer states, foraging.

Only what the tables ask for: no image is made up. The objects belong to the records, so each
asset that a table lists finds what real assets have, and some find what is odd about real ones.
"""

from __future__ import annotations

import io
import json
import pickle
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from extract.locations import split_location
from extract.sample.draw import Draw
from extract.sample.words import PEOPLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from extract.sample.chunks import Json

OPEN_BUCKET = "aind-open-data"
DATABASE = "dynamic-foraging-database"
"""Bucket of the three files of the foraging database."""
SESSIONS = ("aind-behavior-data", "foraging_nwb_bonsai_processed/df_sessions.pkl")

_CHANNELS = ("Ex_445_Em_469", "Ex_488_Em_525", "Ex_561_Em_593", "Ex_639_Em_667")
_FUSED_FOLDERS = (
    ("fusion/fused.zarr", 0.9),
    ("fusion/fused_ccf_ch.zarr", 0.6),
    ("flatfield_correction/SPIM.ome.zarr", 0.5),
    ("denoised/SPIM.ome.zarr", 0.5),
)
_FORAGING = re.compile(r"^(Uncoupled|Coupled)( Without)? Baiting")
_STAGES = ("stage_1_warmup", "stage_1", "stage_2", "stage_3", "stage_final", "graduated")
_LARGE = 1_100_000
_TRAINER_FORMS = (
    ("none", 30.0),
    ("plain", 24.0),
    ("dated", 10.0),
    ("two", 8.0),
    ("legacy", 10.0),
    ("both", 5.0),
    ("null", 5.0),
    ("stage unknown", 4.0),
    ("node without number", 2.0),
    ("broken", 2.0),
)

Object = tuple[str, str, bytes]
"""Bucket, key and content."""


def objects(documents: Iterable[bytes]) -> Iterator[Object]:
    """Make up the objects of the assets that these records describe."""
    draw, folders = Draw("objects"), Draw("folders of fused images")
    sessions: list[Json] = []
    stored: set[str] = set()
    for document in documents:
        record = msgspec.json.decode(document)
        location = record["location"]
        described = record["data_description"]
        kinds = {_abbreviation(each) for each in _list(described["modalities"])}
        is_raw = described["data_level"] == "raw"
        if is_raw and "behavior" in kinds:
            sessions.append(record)
        if not isinstance(location, str) or location.rstrip("/") in stored:
            continue
        stored.add(location.rstrip("/"))
        bucket, prefix = split_location(location)
        if "SPIM" in kinds:
            for key, content in _imaging(draw, record, prefix, is_raw=is_raw):
                yield bucket, key, content
            if not is_raw and "fused" in prefix:
                yield from _fused(folders, bucket, prefix)
        elif bucket == OPEN_BUCKET and kinds & {"behavior", "behavior-videos"}:
            for key, content in _trainer_states(draw, prefix):
                yield bucket, key, content
    yield *SESSIONS, _sessions(draw, sessions)
    for name, table in _database(sessions).items():
        yield DATABASE, f"{name}.parquet", table


def _imaging(draw: Draw, record: Json, prefix: str, *, is_raw: bool) -> Iterator[tuple[str, bytes]]:
    instrument = (record.get("acquisition") or record.get("instrument") or {}).get("instrument_id")
    is_exaspim = "exaspim" in str(instrument).lower().replace("-", "")
    if is_raw and is_exaspim:
        for name, rate in (("neuroglancer.json", 0.5), ("process_output.json", 0.6)):
            if draw.due(name, rate):
                link = f"https://neuroglancer-demo.appspot.com/#!s3://{OPEN_BUCKET}/{prefix}{name}"
                yield prefix + name, _json({"ng_link": link, "layers": []})
    elif is_raw:
        yield from _raw_link(draw, prefix)
    elif "stitched" in prefix:
        folder = f"{prefix}image_cell_segmentation/"
        if draw.due("no segmentation", 0.15):
            return
        yield folder + "processing_manifest.json", b"{}"  # a file is no channel
        for channel in draw.some(_CHANNELS, draw.between(1, len(_CHANNELS))):
            name = f"{folder}{channel}/visualization/neuroglancer_config.json"
            yield name, _json({"layers": [], "title": channel})


def _fused(draw: Draw, bucket: str, prefix: str) -> Iterator[Object]:
    for folder, rate in _FUSED_FOLDERS:
        if draw.due(folder, rate):
            yield bucket, f"{prefix}{folder}/zarr.json", b"{}"


def _raw_link(draw: Draw, prefix: str) -> Iterator[tuple[str, bytes]]:
    """Links of older assets point to where the file was before it moved."""
    forms = (("current", 5.0), ("moved", 3.0), ("none", 2.0), ("no link", 1.0), ("broken", 1.0))
    form = draw.fair("raw link", forms)
    folder = "derivatives" if form == "moved" else "SPIM/derivatives"
    link = (
        f"https://neuroglancer-demo.appspot.com/#!s3://{OPEN_BUCKET}/{prefix}{folder}"
        "/neuroglancer_config.json"
    )
    if form != "none":
        content = {"no link": b'{"layers": []}', "broken": b'{"ng_link": "https://neurog'}
        yield (
            f"{prefix}SPIM/derivatives/neuroglancer_config.json",
            content.get(form) or _json({"ng_link": link, "title": "raw", "layers": []}),
        )


def _trainer_states(draw: Draw, prefix: str) -> Iterator[tuple[str, bytes]]:
    form = draw.fair("trainer state", _TRAINER_FORMS)
    plain = f"{prefix}behavior/trainer_state.json"
    legacy = f"{prefix}behavior/Logs/.launcher/TrainerState_2025-01-03T081503Z.json"
    stage = draw.below(len(_STAGES))
    if form in {"plain", "both"}:
        padding = _LARGE if draw.once("large") else draw.between(200, 2_000)
        yield plain, _json(_trainer_state(draw, stage, padding))
    if form in {"legacy", "both"}:
        yield legacy, _json(_trainer_state(draw, stage - 1))
        yield legacy.removesuffix(".json") + ".log", b"started"
    if form in {"dated", "two"}:
        yield plain[:-5] + "_2025-01-03T091500Z.json", _json(_trainer_state(draw, stage))
    if form == "two":
        yield plain[:-5] + "_2025-01-02T101010Z.json", _json(_trainer_state(draw, stage - 1))
    if form == "null":
        yield plain, _json(_NOTHING_TRAINED)
    if form == "stage unknown":
        state = _trainer_state(draw, stage)
        state["stage"]["name"] = "stage_of_another_curriculum"
        yield plain, _json(state)
    if form == "node without number":
        state = _trainer_state(draw, stage)
        graph = state["curriculum"]["graph"]
        graph["nodes"] = {f"n{key}": node for key, node in graph["nodes"].items()}
        yield plain, _json(state)
    if form == "broken":
        yield plain, _json(_trainer_state(draw, stage))[:-40]


_NOTHING_TRAINED: Json = {
    "curriculum": None,
    "stage": None,
    "is_on_curriculum": False,
    "active_policies": None,
}


def _trainer_state(draw: Draw, stage: int, padding: int = 0) -> Json:
    task = {"name": "AindDynamicForaging", "task_parameters": {"rng_seed": None, "notes": ""}}
    nodes = {
        str(number): {"name": name, "task": task, "start_policies": []}
        for number, name in enumerate(_STAGES)
    }
    coupled = draw.pick(("CoupledBaiting2p3Curriculum", "UncoupledWithoutBaiting2p3Curriculum"))
    name = _STAGES[stage]
    return {
        "curriculum": {
            "pkg_location": "aind_behavior_curriculum.curriculum.ModelMetaclass",
            "name": coupled,
            "version": draw.pick(("0.2.3", "2.3.0")),
            "graph": {"nodes": nodes, "graph": {"0": [[{"rule": "x" * padding}, 1]]}},
        },
        "stage": {"name": name, "task": task, "metrics_provider": None},
        "is_on_curriculum": True,
        "active_policies": [],
    }


def _sessions(draw: Draw, records: list[Json]) -> bytes:
    """The table of foraging sessions, as the pickled frame that it is."""
    import pandas as pd  # noqa: PLC0415  # pandas takes long to import, and only this needs it

    rows: dict[tuple[str, str, int, int], dict[tuple[str, str], Any]] = {}
    counts: Counter[str] = Counter()
    for subject_id, date, suffix, kind, acquisition in _foraging(records):
        counts[subject_id] += 1
        rows[subject_id, date, counts[subject_id], suffix] = _session(draw, kind, acquisition)
    index = pd.MultiIndex.from_tuples(
        list(rows), names=["subject_id", "session_date", "session", "nwb_suffix"]
    )
    columns = pd.MultiIndex.from_tuples(_COLUMNS)
    frame = pd.DataFrame(list(rows.values()), index=index, columns=columns)
    return pickle.dumps(frame, protocol=4)


def _foraging(records: list[Json]) -> Iterator[tuple[str, str, int, str, Json]]:
    """Subject, date, suffix, task and acquisition of each session of dynamic foraging."""
    for record in records:
        acquisition = record.get("acquisition") or {}
        taken = re.search(r"_(\d{4}-\d\d-\d\d)_(\d\d)-(\d\d)-(\d\d)$", record["name"])
        kind = acquisition.get("acquisition_type")
        if taken and isinstance(kind, str) and _FORAGING.match(kind):
            suffix = int("".join(taken.groups()[1:]))
            yield record["subject"].get("subject_id"), taken[1], suffix, kind, acquisition


def _database(records: list[Json]) -> dict[str, bytes]:
    """The three files of the foraging database, with a few trials of each session."""
    draw = Draw("foraging database")
    tables: dict[str, list[Json]] = {"sessions": [], "trials": [], "events": []}
    for subject_id, date, suffix, kind, _ in _foraging(records):
        if not isinstance(subject_id, str):
            continue
        session = {"_session_id": f"{subject_id}_{date}_{suffix}", "subject_id": subject_id}
        choices = [draw.weighted(((0, 5.0), (1, 5.0), (None, 1.0))) for _ in range(4)]
        rewarded = [choice is not None and draw.chance(0.4) for choice in choices]
        tables["sessions"].append(
            session
            | {"session_date": date, "nwb_suffix": suffix, "task": kind}
            | _database_session(draw, choices, rewarded)
        )
        for number, (choice, reward) in enumerate(zip(choices, rewarded, strict=True)):
            began = round(number * 7.5 + draw.number(0, 2), 3)
            trial = session | {"trial": number}
            tables["trials"].append(trial | {"choice": choice, "is_rewarded": reward})
            tables["events"].append(trial | {"event": "go_cue", "time_s": began})
    return {name: _parquet(rows) for name, rows in tables.items()}


def _database_session(draw: Draw, choices: list[int | None], rewarded: list[bool]) -> Json:
    finished, total = sum(choice is not None for choice in choices), len(choices)
    return {
        "total_trials": total,
        "total_trials_with_autowater": total,
        "finished_trials": finished,
        "ignored_trials": total - finished,
        "finished_rate": finished / total,
        "ignore_rate": 1 - finished / total,
        "reward_trials": sum(rewarded),
        "reward_rate": sum(rewarded) / finished if finished else None,
        "foraging_eff": draw.number(0.3, 0.95, 6),
        "foraging_performance": draw.number(0.3, 0.95, 6),
        "bias_naive": draw.number(-1, 1, 6),
        "autowater_collected": 0,
        "double_dipping_rate": draw.number(0, 0.2, 6),
    }


def _parquet(rows: list[Json]) -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), content, compression="zstd")
    return content.getvalue()


_COLUMNS = [
    ("metadata", "rig"),
    ("metadata", "user_name"),
    ("metadata", "h2o"),
    ("metadata", "task"),
    ("metadata", "session_start_time"),
    ("auto_train", "curriculum_name"),
    ("auto_train", "curriculum_version"),
    ("auto_train", "current_stage_actual"),
    ("auto_train", "if_overriden_by_trainer"),
    ("session_stats", "foraging_eff"),
    ("session_stats", "foraging_eff_random_seed"),
    ("session_stats", "finished_trials"),
    ("session_stats", "finished_rate"),
    ("session_stats", "total_trials"),
    ("session_stats", "bias_naive"),
]


def _session(draw: Draw, kind: str, acquisition: Json) -> dict[tuple[str, str], Any]:
    person = draw.pick(PEOPLE)
    total = draw.between(100, 900)
    finished = total - draw.below(90)
    is_measured = not draw.due("no statistics", 0.06)
    curriculum = draw.weighted(((kind, 8.0), ("None", 1.5), (None, 1.0)))
    is_trained = curriculum == kind
    trainer = draw.pick((person, person.lower().replace(" ", "."), f" {person}", None))
    values = [
        acquisition.get("instrument_id"),
        trainer,
        f"ABC{draw.digits(3)}",
        kind,
        acquisition.get("acquisition_start_time"),
        curriculum,
        draw.pick(("2.3", "2.3.1rehovot")) if is_trained else None,
        draw.pick(("STAGE_1", "STAGE_2", "STAGE_FINAL", "GRADUATED")) if is_trained else None,
        draw.pick((True, False, None)),
        draw.number(0.3, 0.95, 6),
        draw.number(0.3, 0.95, 6),
        float(finished) if is_measured else None,
        round(finished / total, 6) if is_measured else None,
        float(total) if is_measured else None,
        draw.number(-1, 1, 6) if is_measured else None,
    ]
    return dict(zip(_COLUMNS, values, strict=True))


def _list(value: Any) -> list[Any]:  # noqa: ANN401  # faults put anything anywhere
    return value if isinstance(value, list) else [value]


def _abbreviation(value: Any) -> str | None:  # noqa: ANN401
    return value.get("abbreviation") if isinstance(value, dict) else None


def _json(value: Json) -> bytes:
    return json.dumps(value).encode()

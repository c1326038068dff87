"""Hostile values: every field that staging reads by every JSON kind by nesting by spelling."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from hostile import WRONG_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = Any
Place = tuple[Any, ...]

#: One record with every field that staging reads; each is attacked in its turn.
RICH: dict[str, Json] = {
    "name": "asset",
    "location": "s3://bucket/asset",
    "_created": "2025-01-01T00:00:00.000Z",
    "_last_modified": "2025-01-02T00:00:00.000Z",
    "subject": {
        "subject_id": "100001",
        "subject_details": {
            "genotype": "wt/wt",
            "date_of_birth": "2024-01-20",
            "year_of_birth": 2024,
        },
    },
    "data_description": {
        "name": "asset",
        "subject_id": "100001",
        "project_name": "Project",
        "data_level": "derived",
        "institution": {"name": "Allen Institute", "abbreviation": "AIND"},
        "modalities": [{"name": "Fiber photometry", "abbreviation": "fib"}],
        "investigators": [{"name": "Jane Doe"}],
        "source_data": ["source"],
    },
    "acquisition": {
        "subject_id": "100001",
        "acquisition_start_time": "2024-03-01 10:00:00-08:00",
        "acquisition_end_time": "2024-03-01T11:00:00-0800",
        "acquisition_type": "Task",
        "instrument_id": "323_EPHYS1_20240101",
        "experimenters": ["Jane Doe", {"name": "Ann Bee"}],
        "subject_details": {"date_of_birth": "2024-01-15", "year_of_birth": 2024},
        "data_streams": [
            {
                "connections": [
                    {"source_device": "Patch Cord A", "target_device": "Fiber 0"},
                    {"source_device": "Patch Cord B", "target_device": "Fiber 0"},
                ],
                "configurations": [
                    {
                        "object_type": "Patch cord config",
                        "device_name": "Patch Cord A",
                        "channels": [{"channel_name": "green", "intended_measurement": "calcium"}],
                    },
                    {
                        "object_type": "Fiber assembly config",
                        "device_name": "Assembly",
                        "patch_cords": [
                            {
                                "object_type": "Patch cord config",
                                "device_name": "Patch Cord B",
                                "channels": [
                                    {"channel_name": "red", "intended_measurement": "dopamine"}
                                ],
                            }
                        ],
                    },
                ],
            }
        ],
        "stimulus_epochs": [
            {
                "performance_metrics": {
                    "output_parameters": {"task_parameters": {"stage_in_use": "GRADUATED"}}
                }
            }
        ],
    },
    "processing": {
        "data_processes": [
            {
                "name": "sorting",
                "start_date_time": "2024-03-02",
                "end_date_time": "2024-03-02T01:00Z",
            }
        ],
        "pipelines": [{"name": "pipeline"}],
    },
    "quality_control": {
        "metrics": [
            {
                "object_type": "QC metric",
                "name": "drift",
                "stage": "Raw data",
                "modality": {"name": "Fiber photometry", "abbreviation": "fib"},
                "value": 1,
                "status_history": [
                    {"status": "Fail", "evaluator": "auto", "timestamp": "2024-03-03T00:00:00Z"}
                ],
                "description": "what",
                "reference": "where",
                "tags": {"probe": "A"},
            }
        ],
        "status": {"probe:A": "Pass"},
        "allow_tag_failures": ["probe:A"],
    },
    "procedures": {
        "global_coordinate_system": {
            "name": "BREGMA",
            "origin": {"name": "Bregma"},
            "axis_unit": "millimeter",
            "axes": [{"name": "AP", "direction": "Posterior_to_anterior"}],
        },
        "coordinate_system": {"name": "OLD"},
        "subject_procedures": [
            {
                "object_type": "Surgery",
                "procedures": [
                    {
                        "object_type": "Probe implant",
                        "implanted_device": {"name": "Fiber 0"},
                        "device_config": {
                            "primary_targeted_structure": {"acronym": "ACB"},
                            "transform": [
                                {
                                    "object_type": "Translation",
                                    "translation": [1.5, 2],
                                    "reference_coordinate_system": "global",
                                }
                            ],
                        },
                    },
                    {
                        "object_type": "Brain injection",
                        "targeted_structure": {"acronym": "ACB"},
                        "injection_materials": [
                            {"name": "virus", "tars_identifiers": {"virus_tars_id": "AiV1"}}
                        ],
                    },
                ],
            }
        ],
    },
    "instrument": {},
    "other_identifiers": {"Code Ocean": ["capsule"]},
}


def attacks(value: Json, key: Json) -> Iterator[Json]:
    """What is put in the place of a value: other kinds, the value nested and spelled otherwise."""
    yield from WRONG_KINDS
    yield from (7, 2.5, False, "NaN", "1_000", [7, "text"], ["", "text"], {"name": "x"})
    yield from ([value], [None, value], [[value]], {"first": value}, {"a": value, "b": value})
    if isinstance(key, str):
        yield from ({key: value}, [{key: value}], {key: [value]}, {key: None})
    if isinstance(value, dict):
        yield from value.values()
    if isinstance(value, str):
        yield from (f" {value.upper()} ", value.lower(), f"{value}é\n", [{"name": value}])
        yield from ("2024-02-30", "2024-01-31 25:00", "2024-01-31T08:50:58+15:00", "epoch")


def places(value: Json, below: Place = ()) -> Iterator[Place]:
    """Paths of all values in a document."""
    children = value.items() if isinstance(value, dict) else ()
    for key, child in enumerate(value) if isinstance(value, list) else children:
        yield (*below, key)
        yield from places(child, (*below, key))


def get(value: Json, place: Place) -> Json:
    """The value at a path."""
    for key in place:
        value = value[key]
    return value


def replaced(value: Json, place: Place, new: Json) -> Json:
    """A copy with another value at a path."""
    if not place:
        return new
    key, *rest = place
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[key] = replaced(value[key], tuple(rest), new)
    return copy


#: Lists of people as records write them, and as nobody should.
PEOPLE: tuple[list[Json], ...] = (
    ["jane.doe@example.org"], [" JANE_DOE@x.org ,ann bee"], ["jane@x.org", "Jane Doe"], ["a@b@c"],
    ["Ann Bee @ home"], ["@"], ["@x", "x@"], list("Jane"), list("Jane Doe"), list("Zoë"),
    list("J.D."), ["J", "a", "n", ""], ["J", {"name": "a"}, None, "n", "e"], ["J,a", "n", "e", "d"],
    ["1", "2", "3", "4"], ["Лев", "лев толстой"], ["Nsb-187b 2nd"], ["Bo", "Bo Li", "Bo Lu"],
    ["carl"], ["Carl Orff"], ["O'Brien", "o brien"], [",", " , ", "--"], [7, True, 1.5],
)  # fmt: skip


def records(seed: int = 0, several: int = 400) -> Iterator[dict[str, Json]]:
    """One record for each place and attack, and some that are attacked in several places."""
    every = list(places(RICH))
    for place in every:
        value = get(RICH, place)
        for number, attack in enumerate(attacks(value, place[-1])):
            yield _named(replaced(RICH, place, attack), f"{'.'.join(map(str, place))}-{number}")
    for number, people in enumerate(PEOPLE):
        for place in (("acquisition", "experimenters"), ("data_description", "investigators")):
            yield _named(replaced(RICH, place, people), f"people.{'.'.join(place)}-{number}")
    draw = random.Random(seed)
    for number in range(several):
        record = RICH
        # From the leaves up: a place below one that was attacked is no longer there.
        for place in sorted(draw.sample(every, 4), key=len, reverse=True):
            attack = draw.choice(list(attacks(get(record, place), place[-1])))
            record = replaced(record, place, attack)
        yield _named(record, f"several-{number}")


def _named(record: dict[str, Json], record_id: str) -> dict[str, Json]:
    """A record with an `_id`, and a name of its own where it has the common one."""
    name = record_id if record.get("name") == "asset" else record.get("name")
    return {**record, "_id": record_id, "name": name}

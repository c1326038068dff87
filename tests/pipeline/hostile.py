"""Records that break naive code, each for one reason."""

from __future__ import annotations

from typing import Any

Json = Any


def record(record_id: str, name: Json = "asset", **sections: Json) -> dict[str, Json]:
    """A small sound record; sections replace its own, None included."""
    sound: dict[str, Json] = {
        "_id": record_id,
        "name": name,
        "location": f"s3://bucket/{name}",
        "_created": "2025-01-01T00:00:00.000Z",
        "_last_modified": "2025-01-02T00:00:00.000Z",
        "subject": {
            "subject_id": "100001",
            "subject_details": {"genotype": "wt/wt", "date_of_birth": "2024-01-01"},
        },
        "data_description": {
            "data_level": "raw",
            "project_name": "Project",
            "modalities": [{"abbreviation": "behavior"}],
            "investigators": [{"name": "Jane Doe"}],
            "source_data": None,
        },
        "acquisition": {
            "acquisition_start_time": "2024-03-01T10:00:00-08:00",
            "acquisition_end_time": "2024-03-01T11:00:00-08:00",
            "acquisition_type": "Task",
            "instrument_id": "323_EPHYS1_20240101",
            "experimenters": ["Jane Doe"],
        },
        "processing": {"data_processes": []},
        "quality_control": None,
        "procedures": {"subject_procedures": []},
        "instrument": {},
        "other_identifiers": {},
    }
    return sound | sections


def quality_control(*metrics: Json, **status: Json) -> dict[str, Json]:
    return {"metrics": list(metrics), "status": status}


def metric(name: Json = "drift", value: Json = 1, status: Json = "Pass", **more: Json) -> Json:
    return {
        "object_type": "QC metric",
        "name": name,
        "stage": "Processing",
        "modality": {"abbreviation": "behavior"},
        "value": value,
        "status_history": [
            {"status": status, "evaluator": "auto", "timestamp": "2025-01-05T00:00:00Z"}
        ],
        "tags": {"probe": "A"},
    } | more


SECTIONS = (
    "subject",
    "data_description",
    "acquisition",
    "processing",
    "quality_control",
    "procedures",
    "instrument",
    "other_identifiers",
)

# Each of these stands in the place of each section, and of each value one and two levels below.
WRONG_KINDS: tuple[Json, ...] = (
    None, 0, -1.5e300, True, "", "text", [], {}, [None], [[]], [{}], {"": None}, {"a": {"b": []}},
)  # fmt: skip

ODD_TEXTS = (
    "a/b", "..", ".", "a%2Fb", "50%", "it's", 'say "x"', "a b", "Zoë", "研究", "a=b", "a\\b",
    "#:?&", "0451", "451", "a\nb", "a\tb", " edge ", "🐭",
    "__HIVE_DEFAULT_PARTITION__", "NULL", "*", "[a]",
)  # fmt: skip


def wrong_kinds() -> list[dict[str, Json]]:
    """A record for each value of the wrong kind in each place of a rich record."""
    rich = record(
        "rich",
        data_description={
            "data_level": "derived",
            "project_name": "P",
            "modalities": [{"abbreviation": "fib"}],
            "investigators": [{"name": "A B"}],
            "source_data": ["x"],
        },
        processing={
            "data_processes": [
                {"start_date_time": "2024-01-01", "end_date_time": "2024-01-02T00:00:00Z"}
            ],
            "pipelines": [{"name": "p"}],
        },
        quality_control=quality_control(metric(), drift="Pass"),
        other_identifiers={"Code Ocean": ["x"]},
        procedures={
            "coordinate_system": {"name": "n", "axes": [{"name": "AP"}]},
            "subject_procedures": [
                {
                    "object_type": "Surgery",
                    "procedures": [
                        {
                            "object_type": "Probe implant",
                            "implanted_device": {"name": "Fiber 0"},
                            "device_config": {
                                "primary_targeted_structure": {"acronym": "ACB"},
                                "transform": [{"object_type": "Translation", "translation": [1]}],
                            },
                        }
                    ],
                }
            ],
        },
    )
    rich["acquisition"] |= {
        "data_streams": [
            {
                "connections": [{"source_device": "Fiber 0", "target_device": "Patch Cord A"}],
                "configurations": [
                    {
                        "object_type": "Patch cord config",
                        "device_name": "Patch Cord A",
                        "channels": [{"channel_name": "c", "intended_measurement": "calcium"}],
                    }
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
        "subject_details": {"date_of_birth": "2024-01-01", "year_of_birth": 2024},
    }
    result = []
    for place in _places(rich):
        for wrong in WRONG_KINDS:
            changed = _replaced(rich, place, wrong)
            path = ".".join(map(str, place))
            number = len(result)
            result.append(changed | {"_id": f"{path}-{number}", "name": f"wrong-{number}"})
    return result


def _places(value: Json, below: tuple[Json, ...] = ()) -> list[tuple[Json, ...]]:
    """Paths of all values in a document, but for the identity of the record."""
    places = []
    children = (
        value.items() if isinstance(value, dict) else enumerate(value)
        if isinstance(value, list) else ()
    )  # fmt: skip
    for key, child in children:
        if below or key in SECTIONS:
            places += [(*below, key), *_places(child, (*below, key))]
    return places


def _replaced(value: Json, place: tuple[Json, ...], new: Json) -> Json:
    if not place:
        return new
    key, *rest = place
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[key] = _replaced(value[key], tuple(rest), new)
    return copy


def small_records(subjects: range) -> list[dict[str, object]]:
    return [
        record(
            f"r{number}",
            f"asset {number}",
            subject={"subject_id": f"{number:06}"},
            quality_control=quality_control(metric(), drift="Pass"),
        )
        for number in subjects
    ]

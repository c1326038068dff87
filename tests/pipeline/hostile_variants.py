"""Records in which a field counts that others hide elsewhere: an old name, a second choice."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from hostile_tables import SECTIONS
from hostile_values import RICH, attacks, get, replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Json = Any
#: A kind of record: what it is made of, how that is changed, and which values are attacked.
Variant = tuple[dict[str, Json], "Callable[[Json], object]", tuple[str, ...]]

SURGERY = "procedures.subject_procedures.0"
SYSTEM = {
    "name": "OWN",
    "origin": "Bregma",
    "axis_unit": "millimeter",
    "axes": [{"name": "AP"}, {"name": "ML"}],
}
LOCAL = [
    {
        "object_type": "Translation",
        "translation": [1.5, 2],
        "reference_coordinate_system": "local",
    }
]
DEPTH_FIRST = {"axes": [{"name": "Depth"}, {"name": "X"}]}


def _surgery(record: Json) -> Json:
    return record["procedures"]["subject_procedures"][0]


def _without_injection_id(record: Json) -> None:
    injection = _surgery(record)["procedures"][0]
    del injection["injection_materials"][0]["addgene_id"]["registry_identifier"]
    injection["coordinates"][0][0]["reference_coordinate_system"] = "local"


def _second_choices(record: Json) -> None:
    implant = _surgery(record)["procedures"][1]
    del _surgery(record)["animal_weight_prior"], implant["implanted_device"]["model"]
    del implant["device_config"]["transform"]
    del implant["device_config"]["primary_targeted_structure"]


def _own_system(record: Json) -> None:
    del record["procedures"]["global_coordinate_system"], record["procedures"]["coordinate_system"]
    _surgery(record)["coordinate_system"] = SYSTEM


def _own_global_system(record: Json) -> None:
    _surgery(record)["global_coordinate_system"] = SYSTEM


def _local(name: str) -> Callable[[Json], None]:
    def change(record: Json) -> None:
        config = _surgery(record)["procedures"][0]["device_config"]
        config |= {"transform": LOCAL, name: DEPTH_FIRST}

    return change


def _born(section: str, field: str, value: Json) -> Callable[[Json], None]:
    def change(record: Json) -> None:
        for each in ("subject", "acquisition"):
            record[each].pop("subject_details")
        record[section]["subject_details"] = {field: value}

    return change


def _of_table(name: str) -> dict[str, Json]:
    return {
        "subject": {"subject_id": "1"},
        "data_description": {"data_level": "raw"},
        name: SECTIONS[name],
    }


CONFIG = f"{SURGERY}.procedures.0.device_config"
VARIANTS: dict[str, Variant] = {
    "injection": (
        _of_table("procedures"),
        _without_injection_id,
        (
            f"{SURGERY}.procedures.0.injection_materials.0.addgene_id.name",
            f"{SURGERY}.procedures.0.coordinates.0.0.reference_coordinate_system",
        ),
    ),
    "choices": (
        _of_table("procedures"),
        _second_choices,
        (
            f"{SURGERY}.baseline_weight",
            f"{SURGERY}.procedures.1.implanted_device.probe_model",
            f"{SURGERY}.procedures.1.device_config.targeted_structure",
            f"{SURGERY}.procedures.1.device_config.targeted_structure.name",
            f"{SURGERY}.procedures.1.transform",
        ),
    ),
    "rrid": (
        _of_table("subject"),
        lambda record: record["subject"]["subject_details"]["rrid"].pop("registry_identifier"),
        ("subject.subject_details.rrid.name",),
    ),
    "system": (
        RICH,
        _own_system,
        (
            f"{SURGERY}.coordinate_system",
            *(f"{SURGERY}.coordinate_system.{name}" for name in SYSTEM),
            f"{SURGERY}.coordinate_system.axes.0",
        ),
    ),
    "global": (RICH, _own_global_system, (f"{SURGERY}.global_coordinate_system",)),
    **{
        f"{field} of {section}": (
            RICH,
            _born(section, field, value),
            (f"{section}.subject_details.{field}",),
        )
        for section, field, value in (
            ("subject", "date_of_birth", "2024-01-20"),
            ("subject", "year_of_birth", 2023),
            ("acquisition", "year_of_birth", 2023),
        )
    },
    "record": (
        RICH,
        lambda record: record["procedures"].pop("global_coordinate_system"),
        ("procedures.coordinate_system",),
    ),
    **{
        name: (
            RICH,
            _local(name),
            (
                f"{CONFIG}.{name}",
                f"{CONFIG}.{name}.axes",
                f"{CONFIG}.{name}.axes.0",
                f"{CONFIG}.transform.0.reference_coordinate_system",
            ),
        )
        for name in ("local_coordinate_system", "coordinate_system")
    },
}


def records() -> Iterator[dict[str, Json]]:
    """A few records for each value that is attacked, each of a subject of its own, and sound ones.

    Sound ones are the majority of their kind, by which the attacked ones are told apart.
    """
    for kind, (base, change, places) in VARIANTS.items():
        record = copy.deepcopy(base)
        change(record)
        for number in range(12):
            yield _named(record, f"variant:{kind}:-{number}")
        for path in places:
            place = tuple(int(key) if key.isdigit() else key for key in path.split("."))
            for number, attack in enumerate([*attacks(get(record, place), place[-1])][1::6]):
                yield _named(replaced(record, place, attack), f"variant:{kind}:{path}-{number}")


def _named(record: dict[str, Json], record_id: str) -> dict[str, Json]:
    subject = {**record["subject"], "subject_id": record_id}
    stamp = {"_last_modified": "2025-01-02T00:00:00.000Z"}
    return {**record, **stamp, "_id": record_id, "name": record_id, "subject": subject}

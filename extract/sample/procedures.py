"""What was done to a subject: surgeries, implanted fibers, injected viruses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from extract.sample.words import MATERIALS, NO_MATERIAL, described_by, organization, structure

if TYPE_CHECKING:
    from extract.sample.chunks import Json
    from extract.sample.draw import Draw

_FIBER_STRUCTURES = ("ACB", "ACB", "PL", "VTA", "BLA", "ORBl", "root")
_AXES = {
    "BREGMA_ARI": ("AP", "ML", "SI"),
    "BREGMA_ARID": ("AP", "ML", "SI", "Depth"),
}
_SYSTEMS = (("BREGMA_ARID", 5.0), ("BREGMA_ARI", 2.0), (None, 2.0))
_DIRECTIONS = {
    "AP": "Posterior_to_anterior",
    "ML": "Left_to_right",
    "SI": "Superior_to_inferior",
    "Depth": "Up_to_down",
}


@dataclass(frozen=True)
class Fiber:
    """An implanted fiber, and how its name is spelled in the procedures."""

    number: int
    name: str
    acronym: str


def implanted(draw: Draw) -> tuple[Fiber, ...]:
    """Draw the one to four fibers of a subject."""
    blank = draw.due("fiber name with blank", 0.6)
    return tuple(
        Fiber(
            number,
            f"Fiber {number}" if blank else f"Fiber_{number}",
            draw.fair_pick("structure of fiber", _FIBER_STRUCTURES),
        )
        for number in range(draw.between(1, 4))
    )


def procedures(
    draw: Draw, subject_id: str, born: date, fibers: tuple[Fiber, ...], extra_surgeries: int
) -> Json:
    """Make the section `procedures` of a subject.

    Args:
        draw: The stream of choices.
        subject_id: Whose procedures.
        born: Everything happened after this day.
        fibers: Implanted in the last surgery; without any, there are injections only.
        extra_surgeries: How many more, which nothing reads.
    """
    day = born + timedelta(days=draw.between(35, 60))
    done: list[Json] = [_surgery(draw, day, _injection_only(draw)) for _ in range(extra_surgeries)]
    if not draw.due("procedures without surgery", 0.06) or fibers:
        done.append(_surgery(draw, day, _operations(draw, fibers)))
    if draw.due("water restriction", 0.3):
        done.append(_water_restriction(day))
    return {
        "object_type": "Procedures",
        "describedBy": described_by("procedures"),
        "schema_version": draw.pick(("2.0.29", "2.0.34", "2.2.3", "2.4.0")),
        "subject_id": subject_id,
        "subject_procedures": done,
        "specimen_procedures": [],
        "coordinate_system": None,
        "notes": None,
    }


def coordinate_system(name: str) -> Json:
    """Write one of the coordinate systems of a surgery."""
    return {
        "object_type": "Coordinate system",
        "name": name,
        "origin": "Bregma",
        "axes": [
            {"object_type": "Axis", "name": axis, "direction": _DIRECTIONS[axis]}
            for axis in _AXES[name]
        ],
        "axis_unit": "millimeter",
    }


def _surgery(draw: Draw, day: date, operations: list[Json]) -> Json:
    has_fibers = any(each["object_type"] == "Probe implant" for each in operations)
    system = draw.fair(f"coordinates, fibers {has_fibers}", _SYSTEMS)
    return {
        "object_type": "Surgery",
        "protocol_id": "dx.doi.org/10.17504/protocols.io.kqdg392o7g25/v2",
        "start_date": day.isoformat(),
        "experimenters": [f"NSB-{draw.between(10, 999)}"],
        "ethics_review_id": "2414",
        "animal_weight_prior": draw.pick((21.4, 22, "23.94", None)),
        "animal_weight_post": draw.pick((21.6, "24.10", None)),
        "weight_unit": "gram",
        "anaesthesia": {
            "object_type": "Anaesthetic",
            "anaesthetic_type": "isoflurane",
            "duration": draw.between(60, 180),
            "duration_unit": "minute",
            "level": 1.5,
        },
        "workstation_id": f"SWS {draw.between(1, 9)}",
        "coordinate_system": coordinate_system(system) if system else None,
        "measured_coordinates": {
            "Lambda": {"object_type": "Translation", "translation": [-4.2, 0, 0, 0]}
        },
        "procedures": operations,
        "notes": draw.pick((None, "", "Recovered well.\n\tNo signs of pain.")),
    }


def _operations(draw: Draw, fibers: tuple[Fiber, ...]) -> list[Json]:
    headframe: Json = {
        "object_type": "Headframe",
        "protocol_id": None,
        "headframe_type": "AI Straight bar",
        "headframe_part_number": draw.pick(("unknown", "0160-100-46", None)),
        "headframe_material": None,
        "well_part_number": None,
        "well_type": "No Well",
    }
    operations = [headframe]
    for fiber in fibers:
        # At the same place, so that what the fiber sees can be told from what was injected there.
        operations.append(_injection(draw, fiber.acronym))
        operations.append(_implant(draw, fiber))
    return operations if fibers else [headframe, *_injection_only(draw)]


def _injection_only(draw: Draw) -> list[Json]:
    acronym = draw.pick(("MRN", "VISp", "ACB"))
    targeted = not draw.due("injection without structure", 0.7)
    return [_injection(draw, acronym if targeted else None)]


def _injection(draw: Draw, acronym: str | None) -> Json:
    return {
        "object_type": "Brain injection",
        "protocol_id": "dx.doi.org/10.17504/protocols.io.bp2l6nr7kgqe/v4",
        "injection_materials": _materials(draw),
        "targeted_structure": structure(acronym) if acronym else None,
        "relative_position": [draw.pick(("Left", "Right"))],
        "dynamics": [
            {
                "object_type": "Injection dynamics",
                "profile": "Bolus",
                "volume": draw.between(50, 500),
                "volume_unit": "nanoliter",
                "duration": None,
                "injection_current": None,
                "alternating_current": None,
            }
        ],
        "coordinate_system_name": "BREGMA_ARID",
        "coordinates": [[{"object_type": "Translation", "translation": _place(draw, 4)}]],
    }


def _materials(draw: Draw) -> list[Json]:
    if draw.due("injection without materials", 0.02):
        return []
    count = 2 if draw.due("two materials", 0.2) else 1
    return [_material(draw) for _ in range(count)]


def _material(draw: Draw) -> Json:
    nameless = (
        draw.pick(("", None))
        if draw.due("material without name", 0.12)
        else draw.fair_pick("material", MATERIALS)
    )
    name = NO_MATERIAL if draw.due("upgraded material", 0.2) else nameless
    virus = f"VIR32{draw.between(10, 14):03d}_PHPeB" if not name else draw.pick((None, "AiV300125"))
    return {
        "object_type": "Viral material",
        "name": name,
        "tars_identifiers": None
        if name == NO_MATERIAL
        else {
            "object_type": "Tars virus identifiers",
            "virus_tars_id": virus,
            "plasmid_tars_alias": None,
            "prep_lot_number": f"VT{draw.digits(4)}G",
            "prep_date": "2023-12-21",
            "prep_type": "Purified",
            "prep_protocol": "SOP#VC003",
        },
        "addgene_id": None,
        "titer": draw.pick((None, 2_500_000_000_000)),  # beyond 32 bits
        "titer_unit": "gc/mL",
    }


def _implant(draw: Draw, fiber: Fiber) -> Json:
    as_text = draw.due("diameter as text", 0.8)
    return {
        "object_type": "Probe implant",
        "protocol_id": draw.pick((None, "unknown")),
        "implanted_device": {
            "object_type": "Fiber probe",
            "name": fiber.name,
            "serial_number": None,
            "manufacturer": organization("Neurophotometrics", None, None),
            "model": None,
            "core_diameter": "200" if as_text else 200,
            "core_diameter_unit": "micrometer",
            "numerical_aperture": "0.37" if as_text else 0.37,
            "ferrule_material": "Ceramic",
            "total_length": "2.0",
            "length_unit": "millimeter",
        },
        "device_config": {
            "object_type": "Probe config",
            "device_name": fiber.name,
            "primary_targeted_structure": structure(fiber.acronym),
            "other_targeted_structure": draw.pick(([], None)),
            "atlas_coordinate": None,
            "coordinate_system": None,
            "transform": _transform(draw),
            "dye": None,
            "notes": None,
        },
    }


def _transform(draw: Draw) -> list[Json] | None:
    if draw.due("implant without transform", 0.04):
        return None
    translation: Json = {"object_type": "Translation", "translation": _translation(draw)}
    rotation: Json = {
        "object_type": "Rotation",
        "angles": [draw.between(0, 20), 0, 0, 0],
        "angles_unit": "degrees",
    }
    return draw.pick(([translation], [translation, rotation], [rotation, translation]))


def _translation(draw: Draw) -> list[Any] | None:
    if draw.due("translation null", 0.03):
        return None
    place = _place(draw, 3 if draw.due("translation of three", 0.25) else 4)
    if draw.due("translation as text", 0.06):
        return [str(value) for value in place]
    if draw.due("translation with a null", 0.05):
        return [None, *place[1:]]
    return place


def _place(draw: Draw, numbers: int) -> list[float]:
    # A few places only, so that several mice share one, as in a planned study.
    ap, ml = draw.pick(((1.3, 1), (1.3, -1.8), (2, -0.8), (-1.5, 3)))
    place = [ap, ml, 0, 4.2]
    return place[:numbers]


def _water_restriction(day: date) -> Json:
    return {
        "object_type": "Water restriction",  # has no `procedures`
        "ethics_review_id": "2414",
        "target_fraction_weight": 85,
        "target_fraction_weight_unit": "percent",
        "minimum_water_per_day": 1,
        "minimum_water_per_day_unit": "milliliter",
        "baseline_weight": 23.17,
        "weight_unit": "gram",
        "start_date": day.isoformat(),
        "end_date": None,
    }

"""What was done to a subject: surgeries, implanted fibers, injected viruses."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from extract.sample.assets import Fiber
from extract.sample.template import fill, fill_any
from extract.sample.words import MATERIALS, NO_MATERIAL, described_by, organization, structure

if TYPE_CHECKING:
    from extract.sample.chunks import Json
    from extract.sample.draw import Draw

_FIBER_STRUCTURES = ("ACB", "ACB", "PL", "VTA", "BLA", "ORBl", "root")
_ADDGENE = {"AAV-hSyn-dLight1.3b": "125560", "AAV9-hSyn-GRAB-5HT3.0": "140553"}
_SYSTEMS = (("BREGMA_ARID", 5.0), ("BREGMA_ARI", 2.0), (None, 2.0))
_of = partial(fill, "procedures")
_value = partial(fill_any, "procedures")


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
    day = (born + timedelta(days=draw.between(35, 60))).isoformat()
    done: list[Json] = [_surgery(draw, day, _injection_only(draw)) for _ in range(extra_surgeries)]
    if not draw.due("procedures without surgery", 0.06) or fibers:
        done.append(_surgery(draw, day, _operations(draw, fibers)))
    if draw.due("water restriction", 0.3):
        done.append(_of("water_restriction", draw, day=day))
    # Decided without a draw, as all that was added since: the rest of the sample stays as it was.
    has_specimen = born.toordinal() % 4 == 0
    return _of(
        "procedures",
        draw,
        described_by=described_by("procedures"),
        subject_id=subject_id,
        subject_procedures=done,
        specimen_procedures=_on_specimen(draw, subject_id, born) if has_specimen else [],
    )


def _on_specimen(draw: Draw, subject_id: str, born: date) -> list[Json]:
    """What is done to a brain after the experiments, one step after the other."""
    begin = born + timedelta(days=300)
    steps = (("Fixation", "PFA"), ("Delipidation", "DCM delipidation"), ("Clearing", "EasyIndex"))
    return [
        _of(
            "specimen_procedure",
            draw,
            procedure_type=kind,
            procedure_name=name,
            specimen=f"{subject_id}_1",
            start=(begin + timedelta(days=7 * week)).isoformat(),
            end=(begin + timedelta(days=7 * week + 2)).isoformat(),
        )
        for week, (kind, name) in enumerate(steps)
    ]


def _surgery(draw: Draw, day: str, operations: list[Json]) -> Json:
    has_fibers = any(each["object_type"] == "Probe implant" for each in operations)
    system = draw.fair(f"coordinates, fibers {has_fibers}", _SYSTEMS)
    coordinates = _of(system, draw) if system else None
    return _of("surgery", draw, day=day, coordinate_system=coordinates, operations=operations)


def _operations(draw: Draw, fibers: tuple[Fiber, ...]) -> list[Json]:
    operations = [_of("headframe", draw)]
    for fiber in fibers:
        # In the same structure, so that signals of a fiber can be related to the injection.
        operations.append(_injection(draw, fiber.acronym))
        operations.append(_implant(draw, fiber))
    return operations if fibers else [*operations, *_injection_only(draw)]


def _injection_only(draw: Draw) -> list[Json]:
    acronym = draw.pick(("MRN", "VISp", "ACB"))
    targeted = not draw.due("injection without structure", 0.7)
    injection = _injection(draw, acronym if targeted else None)
    if acronym == "MRN":
        injection["dynamics"] = [_of("iontophoresis", draw)]
        injection["injection_materials"] += [_of("non_viral_material", draw)]
    elif acronym == "VISp":
        injection["dynamics"] = [_of("pressure", draw)]
    return [injection]


def _injection(draw: Draw, acronym: str | None) -> Json:
    return _of(
        "injection",
        draw,
        materials=lambda: _materials(draw),
        structure=structure(acronym) if acronym else None,
    )


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
    virus = draw.pick((None, "AiV300125")) if name else _value("virus", draw)
    is_known = name != NO_MATERIAL
    plasmids = [virus.replace("AiV", "AiP")] if virus and virus.startswith("AiV") else None
    identifiers = None
    if is_known:
        identifiers = _of("virus_identifiers", draw, virus=virus, plasmids=plasmids)
    addgene = _ADDGENE.get(name or "")
    return _of(
        "material",
        draw,
        name=name,
        identifiers=identifiers,
        addgene=_of("addgene", draw, name=name, identifier=addgene) if addgene else None,
    )


def _implant(draw: Draw, fiber: Fiber) -> Json:
    as_text = draw.due("diameter as text", 0.8)
    return _of(
        "implant",
        draw,
        name=fiber.name,
        serial_number=None if as_text else f"F{fiber.number:04}",
        model=None if as_text else "CFMLC12L02",
        manufacturer=organization("Neurophotometrics", None, None),
        diameter="200" if as_text else 200,
        aperture="0.37" if as_text else 0.37,
        structure=structure(fiber.acronym),
        transform=lambda: _transform(draw),
    )


def _transform(draw: Draw) -> list[Json] | None:
    if draw.due("implant without transform", 0.04):
        return None
    transform: list[Json] = _value(
        "transform", draw, translation=_translation(draw), angle=draw.between(0, 20)
    )
    return transform


def _translation(draw: Draw) -> list[Any] | None:
    """A few positions only, so that several mice share one, as in a planned study."""
    if draw.due("translation null", 0.03):
        return None
    numbers = 3 if draw.due("translation of three", 0.25) else 4
    position: list[Any] = _value("position", draw)[:numbers]
    if draw.due("translation as text", 0.06):
        return [str(value) for value in position]
    if draw.due("translation with a null", 0.05):
        return [None, *position[1:]]
    return position
